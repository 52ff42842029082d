"""Makes data/published.json.z, the published labels and allocatable of 1,363 types, for the catalogue's test.

`python tests/cloud/ec2/build_published.py FOLDER`, where FOLDER holds instance-types-al2023.json.
"""

import json
import sys
import zlib
from pathlib import Path

published = json.loads((Path(sys.argv[1]) / "instance-types-al2023.json").read_text())
packed = zlib.compress(json.dumps(published, sort_keys=True, separators=(",", ":")).encode(), 9)
(Path(__file__).parent / "data" / "published.json.z").write_bytes(packed)
