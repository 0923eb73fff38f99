// Harvest (Morise 2017), the F0 estimator of the WORLD vocoder.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels.hpp"

namespace lemf {

struct HarvestRange {
  double floor_hz;
  double ceiling_hz;
};

// F0 in Hz every millisecond from 0 s on; 0 where unvoiced. Neither the number of threads nor the
// instruction set changes a bit.
std::vector<double> harvest(const double* samples, std::size_t n_samples, int rate_hz,
                            HarvestRange range, std::size_t n_threads,
                            const Kernels& kernels = *find_kernels());

}  // namespace lemf
