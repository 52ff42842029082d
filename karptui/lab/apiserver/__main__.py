"""`python -m karptui.lab.apiserver`: serve alone."""

from karptui.lab.apiserver.process import main

raise SystemExit(main())
