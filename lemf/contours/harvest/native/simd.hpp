// Four doubles at once, and functions compiled for several processors.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

// Marks a function that is compiled in several versions, the best of which is taken at run time.
#define LEMF_SIMD
#if defined(__x86_64__) && defined(__linux__) && defined(__has_attribute) && \
    !defined(LEMF_ONE_PROCESSOR)  // the thread sanitizer cannot start with such functions
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
  Lanes operator*(const Lanes& other) const {
    return {value[0] * other.value[0], value[1] * other.value[1], value[2] * other.value[2],
            value[3] * other.value[3]};
  }
};
#endif

constexpr int kLanes = 4;

// Whole vector registers of doubles, aligned so that no load crosses a line of the cache.
class AlignedDoubles {
 public:
  // At least n; new ones are 0.
  void resize(std::size_t n) { blocks_.resize((n + kLanes - 1) / kLanes); }

  bool empty() const { return blocks_.empty(); }
  std::size_t size() const { return kLanes * blocks_.size(); }
  double* data() { return blocks_.data()->values; }
  const double* data() const { return blocks_.data()->values; }

 private:
  struct alignas(8 * kLanes) Block {
    double values[kLanes];
  };
  std::vector<Block> blocks_;
};

}  // namespace lemf

// Macros, since each processor passes vectors to and from functions in another way.
#define LEMF_LOAD(lanes, from) std::memcpy(&(lanes), (from), sizeof(lemf::Lanes))
#define LEMF_TOTAL(lanes) (((lanes)[0] + (lanes)[1]) + ((lanes)[2] + (lanes)[3]))
