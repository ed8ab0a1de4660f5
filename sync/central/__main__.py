"""Entry point of `kiosk-central` and `python -m sync.central`; where packages are missing it says what to install."""

from __future__ import annotations


def main() -> None:
    """Run the server's command line; exit with 1 and a sentence when a package of `kiosk[central]` is missing."""
    try:
        from sync.central import cli

        cli.main()
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"kiosk-central needs the package {error.name}, which is not installed: pip install 'kiosk[central]'"
        ) from error


if __name__ == "__main__":
    main()
