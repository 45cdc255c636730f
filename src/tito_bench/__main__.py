"""`python -m tito_bench` does what `tito-bench` does."""

import sys

from tito_bench.cli.main import main

sys.exit(main())
