// The inner loops for processors with AVX-512.
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels.hpp"

#define LEMF_KERNELS kAvx512Kernels
#define LEMF_INSTRUCTION_SET "avx512"
#define LEMF_WIDTH 8
#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx,avx2,bmi,popcnt,avx512f,avx512dq,avx512bw,avx512vl"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx,avx2,bmi,popcnt,avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512")
#endif
#include "kernel_bodies.hpp"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
