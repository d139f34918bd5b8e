"""`python -m bench` does what the `meterbench` command does."""

import sys

from bench.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
