// The distances of the zero crossings of each band are raw F0s; bands that agree make a candidate.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "filter_bank.hpp"
#include "simd.hpp"
#include "steps.hpp"
#include "threads.hpp"

namespace lemf {
namespace {

constexpr std::size_t kFewestCrossings = 4;  // of each kind, in a band that counts
constexpr std::size_t kFewestBands = 10;     // that agree for a candidate
constexpr std::size_t kBatch = 8;            // pairs of bands whose raw F0s are held at a time

using Doubles = std::vector<double>;

// The crossings of one kind.
struct Crossings {
  std::vector<std::uint32_t> edge;  // samples before them; the first `n` count
  std::size_t n = 0;
};

// What one thread works in.
struct Workspace {
  Doubles transform, filtered[2];
  std::vector<unsigned char> marks;
  Crossings found[4];
  Doubles at, f0_hz, place_ms;
};

// Mark after which samples the signal falls (1) or rises (2) through zero, its slope falls (4) or
// rises (8); most samples have no mark.
LEMF_SIMD void mark_crossings(const double* __restrict x, std::size_t n,
                              unsigned char* __restrict marks) {
  for (std::size_t i = 0; i < n; ++i) {
    const double a = x[i], b = x[i + 1], slope = b - a, next = x[i + 2] - b;
    marks[i] = static_cast<unsigned char>(((0.0 < a) & (b <= 0.0)) | ((a < 0.0) & (0.0 <= b)) << 1 |
                                          ((0.0 < slope) & (next <= 0.0)) << 2 |
                                          ((slope < 0.0) & (0.0 <= next)) << 3);
  }
}

// Zero crossings downwards and upwards, of the signal and of its slope, in one pass.
void find_crossings(const Doubles& x, std::vector<unsigned char>& marks, Crossings (&found)[4]) {
  constexpr std::size_t kStep = sizeof(std::uint64_t);
  const std::size_t n = x.size(), n_marks = (n + kStep - 1) / kStep * kStep;
  marks.resize(n_marks);
  std::fill(marks.begin() + (n < 2 ? 0 : n - 1), marks.end(), 0);
  if (n >= 2) {
    mark_crossings(x.data(), n - 2, marks.data());
    // no slope follows the last one
    marks[n - 2] = x[n - 2] > 0.0 && x[n - 1] <= 0.0 ? 1 : x[n - 2] < 0.0 && x[n - 1] >= 0.0 ? 2 : 0;
  }
  std::uint32_t* end[4];  // of each kind's edges
  for (int kind = 0; kind < 4; ++kind) {
    found[kind].edge.resize(n_marks + 1);
    end[kind] = found[kind].edge.data();
  }
  for (std::size_t first = 0; first < n_marks; first += kStep) {
    std::uint64_t any;
    std::memcpy(&any, &marks[first], kStep);
    if (any == 0) continue;
    // written always and counted where there is one: a branch would often be mispredicted
    for (std::size_t i = first; i < first + kStep; ++i)
      for (int kind = 0; kind < 4; ++kind) {
        *end[kind] = static_cast<std::uint32_t>(i);
        end[kind] += marks[i] >> kind & 1;
      }
  }
  for (Crossings& kind : found)
    kind.n = static_cast<std::size_t>(end[&kind - found] - kind.edge.data());
}

// Where a line crosses zero between two samples, in samples.
double crossing(std::uint32_t edge, double before, double after) {
  return edge + 1.0 - before / (after - before);
}

// Where the signal itself (or its slope) crosses zero at the edges.
void locate(const Doubles& x, bool of_slope, const Crossings& crossings, Doubles& at) {
  at.resize(std::max(at.size(), crossings.n));
  for (std::size_t k = 0; k < crossings.n; ++k) {
    const std::uint32_t i = crossings.edge[k];
    at[k] = of_slope ? crossing(i, x[i + 1] - x[i], x[i + 2] - x[i + 1])
                     : crossing(i, x[i], x[i + 1]);
  }
}

LEMF_SIMD void measure_intervals(std::size_t n, const double* __restrict at, double rate_hz,
                                 double* __restrict f0_hz, double* __restrict place_ms) {
  const double half_ms = 500.0 / rate_hz;
  for (std::size_t i = 0; i < n; ++i) {
    f0_hz[i] = rate_hz / (at[i + 1] - at[i]);
    place_ms[i] = (at[i] + at[i + 1]) * half_ms;
  }
}

// Add the F0 of each interval between crossings, interpolated to each millisecond; before the first
// and after the last one the outermost lines go on.
void add_interpolated(std::size_t n_crossings, double rate_hz, Workspace& space, double* sum,
                      std::size_t n_frames) {
  const std::size_t n = n_crossings - 1;  // intervals, at least 3
  space.f0_hz.resize(std::max(space.f0_hz.size(), n));
  space.place_ms.resize(space.f0_hz.size());
  measure_intervals(n, space.at.data(), rate_hz, space.f0_hz.data(), space.place_ms.data());
  const double *y = space.f0_hz.data(), *x = space.place_ms.data();
  std::size_t frame = 0;
  for (std::size_t k = 0; k + 1 < n && frame < n_frames; ++k) {
    const bool last = k + 2 == n;
    const std::size_t stop =
        last ? n_frames : std::min(n_frames, static_cast<std::size_t>(x[k + 1]) + 1);
    if (frame >= stop) continue;
    const double slope = (y[k + 1] - y[k]) / (x[k + 1] - x[k]);
    for (; frame < stop; ++frame) sum[frame] += y[k] + (static_cast<double>(frame) - x[k]) * slope;
  }
}

LEMF_SIMD void keep_near(std::size_t n, double low, double high, double* __restrict f0_hz) {
  for (std::size_t i = 0; i < n; ++i) {
    const double mean = f0_hz[i] / 4.0;
    f0_hz[i] = mean >= low && mean <= high ? mean : 0.0;
  }
}

// The raw F0 of a band each millisecond; 0 where there is none.
void raw_f0(const Doubles& filtered, double centre_hz, double rate_hz, HarvestRange range,
            Workspace& space, Doubles& f0_hz) {
  std::fill(f0_hz.begin(), f0_hz.end(), 0.0);
  find_crossings(filtered, space.marks, space.found);
  for (const Crossings& kind : space.found)
    if (kind.n < kFewestCrossings) return;
  for (int kind = 0; kind < 4; ++kind) {
    locate(filtered, kind >= 2, space.found[kind], space.at);
    add_interpolated(space.found[kind].n, rate_hz, space, f0_hz.data(), f0_hz.size());
  }
  keep_near(f0_hz.size(), std::max(centre_hz * 0.9, range.floor_hz),
            std::min(centre_hz * 1.1, range.ceiling_hz), f0_hz.data());
}

// Runs of neighbouring bands that have a raw F0, by frame.
class Runs {
 public:
  explicit Runs(std::size_t n_frames) : means_(n_frames), sum_(n_frames), length_(n_frames) {}

  // Add the raw F0s of the next band.
  void add(const Doubles& f0_hz) {
    for (std::size_t i = 0; i < f0_hz.size(); ++i) {
      if (f0_hz[i] > 0) {
        sum_[i] += f0_hz[i];
        ++length_[i];
      } else if (length_[i] > 0) {
        if (length_[i] >= kFewestBands)
          means_[i].push_back(sum_[i] / static_cast<double>(length_[i]));
        sum_[i] = 0.0;
        length_[i] = 0;
      }
    }
  }

  std::vector<Doubles> take_means() { return std::move(means_); }

 private:
  std::vector<Doubles> means_;
  Doubles sum_;
  std::vector<std::size_t> length_;
};

}  // namespace

std::vector<Doubles> raw_candidates(const Decimated& signal, std::size_t n_frames,
                                    HarvestRange range, std::size_t n_threads) {
  const std::shared_ptr<const FilterBank> bank = filter_bank(range, signal.rate_hz);
  const std::vector<Band>& bands = bank->bands;
  const FilteredSignal filtered(signal.samples, *bank);
  std::vector<Workspace> spaces(std::min(n_threads, kBatch));
  std::vector<Doubles> raw(2 * kBatch, Doubles(n_frames));
  Runs runs(n_frames);
  for (std::size_t first = 0; first < bank->n_pairs(); first += kBatch) {
    const std::size_t n_pairs = std::min(kBatch, bank->n_pairs() - first);
    in_parallel(n_pairs, spaces.size(), [&](std::size_t thread, std::size_t i) {
      Workspace& space = spaces[thread];
      filtered.filter(first + i, space.transform, space.filtered[0], space.filtered[1]);
      for (std::size_t part = 0; part < 2; ++part) {
        const std::size_t band = 2 * (first + i) + part;
        // the outermost bands never take part
        if (band == 0 || band + 1 >= bands.size())
          std::fill(raw[2 * i + part].begin(), raw[2 * i + part].end(), 0.0);
        else
          raw_f0(space.filtered[part], bands[band].centre_hz, signal.rate_hz, range, space,
                 raw[2 * i + part]);
      }
    });
    for (std::size_t i = 0; i < 2 * n_pairs; ++i) runs.add(raw[i]);
  }
  return runs.take_means();
}

}  // namespace lemf
