// Four doubles at once, and functions compiled for several processors.
#pragma once

// The best version of a function so marked is taken at run time.
#define LEMF_SIMD
#if defined(__x86_64__) && defined(__linux__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#undef LEMF_SIMD
#if defined(__clang__) || __GNUC__ < 12
#define LEMF_SIMD __attribute__((target_clones("avx2", "default")))
#else
#define LEMF_SIMD __attribute__((target_clones("arch=x86-64-v3", "default")))
#endif
#endif
#endif

namespace lemf {

#if defined(__GNUC__)
typedef double Lanes __attribute__((vector_size(32), aligned(32)));
#else
struct Lanes {
  double value[4];
  double operator[](int i) const { return value[i]; }
  Lanes& operator+=(const Lanes& other) {
    for (int i = 0; i < 4; ++i) value[i] += other.value[i];
    return *this;
  }
  Lanes& operator-=(const Lanes& other) {
    for (int i = 0; i < 4; ++i) value[i] -= other.value[i];
    return *this;
  }
  Lanes operator*(const Lanes& other) const {
    return {value[0] * other.value[0], value[1] * other.value[1], value[2] * other.value[2],
            value[3] * other.value[3]};
  }
  Lanes operator+(Lanes other) const { return other += *this; }
  Lanes operator-(const Lanes& other) const { return Lanes(*this) -= other; }
};
#endif

#define LEMF_ALL(x) Lanes{x, x, x, x}

}  // namespace lemf
