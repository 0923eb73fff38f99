// Whole vector registers of doubles.
#pragma once

#include <cstddef>
#include <vector>

namespace lemf {

constexpr std::size_t kWidest = 8;  // doubles in a register of the widest instruction set

// Aligned so that no load crosses a line of the cache.
class AlignedDoubles {
 public:
  AlignedDoubles() = default;
  explicit AlignedDoubles(std::size_t n) { resize(n); }

  // At least n; new ones are 0.
  void resize(std::size_t n) { blocks_.resize((n + kWidest - 1) / kWidest); }
  void grow(std::size_t n) {
    if (n > size()) resize(n);
  }

  bool empty() const { return blocks_.empty(); }
  std::size_t size() const { return kWidest * blocks_.size(); }
  double* data() { return blocks_.empty() ? nullptr : blocks_.data()->values; }
  const double* data() const { return blocks_.empty() ? nullptr : blocks_.data()->values; }

 private:
  struct alignas(8 * kWidest) Block {
    double values[kWidest];
  };
  std::vector<Block> blocks_;
};

}  // namespace lemf
