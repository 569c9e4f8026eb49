"""RRAM: devices (:mod:`sw.rram.device`) and how templates are programmed (:mod:`sw.rram.programming`)."""
