"""``python -m formal``: runs every proof and prints what is proved, how, and how long it took."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from sw.console import JsonOption, answer, messages, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.shell.start import start

WAVEFORMS = Path("build") / "formal"


@reports_errors
def run_proofs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[PROOF]...", help="Names from the table; all if left out.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Prove that blocks of the RTL do what they must, for every input and every stall.

    The exit code is 0 when everything is proved and 1 when something is not; then build/formal holds the
    waveform of each counterexample.
    """
    from formal.proof import prove
    from formal.proofs import PROOFS
    from sw.files import write_atomically

    known = {proof.name: proof for proof in PROOFS}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise EngramError(f"there is no proof {unknown[0]!r}; choose from {', '.join(known)}")
    chosen = [known[name] for name in names] if names else list(PROOFS)

    table = Table("proof", "kind", "depth", "result", "seconds", "claim")
    results = []
    with terminal.stage("proofs", len(chosen)) as stage:
        for proof in chosen:
            stage.note(proof.name)
            outcome = prove(proof)
            stage.done(1)
            waveform = None
            if outcome.waveform is not None:
                waveform = WAVEFORMS / f"{proof.name}.vcd"
                write_atomically(waveform, outcome.waveform.encode())
                messages.print(
                    f"{proof.name}: {outcome.verdict} at {outcome.detail}, waveform in {waveform}",
                    soft_wrap=True,
                    highlight=False,
                )
            colour = "green" if outcome.verdict == "proved" else "bold red"
            result = f"[{colour}]{outcome.verdict}[/]" + (f" {outcome.detail}" if outcome.detail else "")
            table.add_row(
                proof.name, proof.kind, str(proof.depth), result, f"{outcome.seconds:.1f}", proof.claim
            )
            results.append(
                {
                    "proof": proof.name,
                    "claim": proof.claim,
                    "kind": proof.kind,
                    "depth": proof.depth,
                    "verdict": outcome.verdict,
                    "detail": outcome.detail,
                    "seconds": round(outcome.seconds, 2),
                    "waveform": str(waveform) if waveform else None,
                }
            )
        stage.note("")
    proved = sum(result["verdict"] == "proved" for result in results)
    if json:
        print_json({"proved": proved, "proofs": results})
    else:
        answer.print(table)
    messages.print(f"{proved} of {len(results)} proved", highlight=False)
    if proved < len(results):
        raise typer.Exit(1)


if __name__ == "__main__":
    start(run_proofs)
