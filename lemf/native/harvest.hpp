// Harvest (Morise 2017), the F0 estimator of the WORLD vocoder.
#pragma once

#include <cstddef>
#include <vector>

namespace lemf {

struct HarvestRange {
  double floor_hz;
  double ceiling_hz;
};

// F0 in Hz every millisecond from 0 s on; 0 where unvoiced.
std::vector<double> harvest(const double* samples, std::size_t n_samples, int rate_hz,
                            HarvestRange range);

}  // namespace lemf
