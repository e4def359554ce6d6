"""What does harm instead of cheating: it ends at its limit, and costs nobody else anything."""

from . import code, once

HAND_INS = {
    "an endless loop": code("while True: pass"),
    "an endless loop in a call": code("def NAME(*a, **k):\n    while True: pass"),
    "a sleeper that ignores signals": once(
        "import signal, time\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: time.sleep(99)"
    ),
    "memory": code("kept = []\nwhile True: kept.append(bytearray(1 << 26))"),
    "memory in a call": code("def NAME(*a, **k): return bytearray(1 << 40)"),
    "processes": code("import os\nfor i in range(200):\n    try: os.fork()\n    except OSError: break"),
    "threads": code(
        "import threading\nfor i in range(200):\n    try: threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n    except RuntimeError: break"
    ),
    "programs": code("import subprocess\ntry: subprocess.run(['sh', '-c', ':(){ :|:& };:'])\nexcept Exception: pass"),
    "disk": code(
        "for i in range(1000):\n    try: open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))\n    except OSError: break"
    ),
    "files": code("for i in range(20000):\n    try: open(f'/tmp/f{i}', 'w').close()\n    except OSError: break"),
    "output": code("for i in range(2000): print('x' * 10000)"),
    "network": code(
        "import socket\nfor h in ('127.0.0.1', '1.1.1.1'):\n    try: socket.create_connection((h, 80), 1)\n    except OSError: pass"
    ),
    "a crash": code("import ctypes\nctypes.string_at(0)"),
    "a large answer": code("import numpy as np\ndef NAME(*a, **k): return np.zeros(1 << 26)"),
    "a deep answer": code("def NAME(*a, **k):\n    x = []\n    for _ in range(10**5): x = [x]\n    return x"),
    "a sum that no parser ends": lambda e: e.with_cells("x = 1" + " + 1" * 20_000),
    "a line that colours take minutes for": lambda e: e.with_cells("a" + ".a" * 50_000),
    "a wide answer": code("def NAME(*a, **k): return list(range(10**6))"),
}
