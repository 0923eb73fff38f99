// The inner loops for any processor of the architecture (SSE2 on x86-64, NEON on arm64).
#include <algorithm>
#include <cmath>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

#include "kernels.hpp"

#define LEMF_KERNELS kBaseKernels
#define LEMF_INSTRUCTION_SET "base"
#if defined(__GNUC__)
#define LEMF_WIDTH 2
#else
#define LEMF_WIDTH 1
#endif
#include "kernel_bodies.hpp"
