"""`python -m tito_bench_server`."""

import sys

from tito_bench_server.cli.main import main

sys.exit(main())
