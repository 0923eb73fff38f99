// The inner loops for processors with AVX2.
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels.hpp"

#define LEMF_KERNELS kAvx2Kernels
#define LEMF_INSTRUCTION_SET "avx2"
#define LEMF_WIDTH 4
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx,avx2,bmi,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx,avx2,bmi,popcnt")
#endif
#include "kernel_bodies.hpp"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
