"""``python -m crossmargin`` is ``xm``."""

from crossmargin.cli.main import main

if __name__ == "__main__":
    main()
