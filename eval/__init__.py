"""Training of the shipped weights and the benchmarks; nothing here runs in production."""

import os
import platform

# OpenBLAS chooses its kernels by CPU, and they round differently. With those of AVX2, which every
# x86-64 of today has, training gives equal bytes on all of them. numpy's import reads it.
if platform.machine().lower() in ("x86_64", "amd64"):
    os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
