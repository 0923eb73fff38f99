// Cosines and sines in tables.
#pragma once

#include <map>
#include <vector>

#include "kernels.hpp"

namespace lemf {

// The first n multiples of an angle, from 0 on.
Turn multiples(double angle, int n);

// The waves of the bins of Fourier transforms, each made when it is first asked for.
class BinWaves {
 public:
  // A quarter of the samples of a transform of `fft_size` points.
  const Turn& of(int fft_size, int bin);

 private:
  struct OfSize {
    Turn circle;
    std::vector<Turn> by_bin;
  };

  std::map<int, OfSize> by_size_;
  OfSize* last_ = nullptr;
  int last_size_ = 0;
};

}  // namespace lemf
