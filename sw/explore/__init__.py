"""Co-design exploration: which array to build for a trained classifier.

A *space* has axes of sizes, devices and conditions; each combination is a *point*. Accuracy is that of the
integer reference on many chips; energy, area and latency are modelled. Points share what they have in common:
features of the images, templates, programmed chips, currents. What was found is kept on disk by digest.

======================  =========================================================================
:mod:`.space`           axes, values, points
:mod:`.settings`        what a point is made of, and which points cannot exist
:mod:`.store`           results on disk by digest
:mod:`.features`        feature maps, computed once
:mod:`.variants`        templates and thresholds, made anew where a point asks for others
:mod:`.accuracy`        right answers of chips, shared by all points that program the same ones
:mod:`.costs`           energy, area, latency and storage
:mod:`.objectives`      objectives and constraints by name
:mod:`.pareto`          the front
:mod:`.search`          grid, or Optuna's samplers
:mod:`.farm`            processes that work: this one, local ones, or a Dask cluster
:mod:`.preload`         what local processes do first
:mod:`.exploration`     the whole
:mod:`.report`          rows, front and test accuracies
:mod:`.recommend`       a point as a chip that simulation and build take
:mod:`.results`         the record of an exploration, and its files
:mod:`.explain`         what limits a point
:mod:`.labels`          names, units and written values of columns
:mod:`.views`           what page and pictures show
:mod:`.choice`          the recommended point and why
:mod:`.page`            one interactive HTML file; ``page_*`` are its parts, ``web/`` its style and scripts
:mod:`.pictures`        the same as PNG files
======================  =========================================================================
"""
