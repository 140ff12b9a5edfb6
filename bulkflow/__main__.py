"""`python -m bulkflow`."""

import sys

from bulkflow.cli import main

if __name__ == "__main__":
    sys.exit(main())
