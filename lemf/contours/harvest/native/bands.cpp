// The distances of the zero crossings of each band are raw F0s; bands that agree make a candidate.
#include <algorithm>
#include <cstdint>

#include "filter_bank.hpp"
#include "kernels.hpp"
#include "steps.hpp"
#include "threads.hpp"

namespace lemf {
namespace {

constexpr std::size_t kFewestCrossings = 4;  // of each kind, in a band that counts
constexpr double kFewestBands = 10.0;        // that agree for a candidate

using Doubles = std::vector<double>;

// The filtered signal of a band, scanned block by block for crossings of four kinds: of the signal
// and of its slope, downwards and upwards.
class Crossings {
 public:
  void start() {
    state_ = ScanState();
    for (std::size_t& n : n_) n = 0;
  }

  // Scan `count` samples, the sum of a band's output and the ripple.
  void scan(const Kernels& kernels, const RippleWave& wave, std::size_t first, std::size_t count,
            const double* output) {
    samples_.grow(kWidest + count + kScanned);
    double* x = samples_.data() + kWidest;
    std::uint32_t* edges[4];
    std::size_t n_edges[4];
    edges_.resize(std::max(edges_.size(), 4 * (count + kScanned)));
    for (std::size_t kind = 0; kind < 4; ++kind)
      edges[kind] = edges_.data() + kind * (count + kScanned);
    kernels.find_crossings(count, wave, output, state_, x, edges, n_edges);
    for (std::size_t kind = 0; kind < 4; ++kind) {
      reserve(kind, n_edges[kind]);
      kernels.locate(n_edges[kind], edges[kind], x - 2, kind >= 2, static_cast<double>(first),
                     at_[kind].data() + n_[kind]);
      n_[kind] += n_edges[kind];
    }
    x[-2] = count > 1 ? x[count - 2] : x[-1];
    x[-1] = x[count - 1];
  }

  std::size_t n(std::size_t kind) const { return n_[kind]; }
  const double* at(std::size_t kind) const { return at_[kind].data(); }

 private:
  void reserve(std::size_t kind, std::size_t n_more) {
    if (n_[kind] + n_more > at_[kind].size()) at_[kind].resize(2 * (n_[kind] + n_more));
  }

  AlignedDoubles samples_;  // the last of the block before, then those of the block
  ScanState state_;
  std::vector<std::uint32_t> edges_;
  AlignedDoubles at_[4];  // in samples
  std::size_t n_[4] = {0, 0, 0, 0};
};

// What one thread works in.
struct Workspace {
  AlignedDoubles transform;
  Crossings crossings[2];
  AlignedDoubles f0_hz, place_ms, slope, lines[4];
  std::vector<std::uint32_t> frame;
};

// The F0 of each interval between crossings, interpolated to each millisecond; before the first and
// after the last one the outermost lines go on.
void interpolate(const Kernels& kernels, std::size_t n_crossings, const double* at, double rate_hz,
                 Workspace& space, std::size_t n_frames, AlignedDoubles& line) {
  const std::size_t n = n_crossings - 1;  // intervals, at least 3
  for (AlignedDoubles* values : {&space.f0_hz, &space.place_ms, &space.slope}) values->grow(n);
  space.frame.resize(std::max(space.frame.size(), n));
  line.grow(n_frames + kLineMargin);
  kernels.measure_intervals(n, at, rate_hz, n_frames, space.f0_hz.data(), space.place_ms.data(),
                            space.slope.data(), space.frame.data());
  space.frame[0] = 0;
  space.frame[n - 1] = static_cast<std::uint32_t>(n_frames);
  kernels.draw_lines(n - 1, space.f0_hz.data(), space.place_ms.data(), space.slope.data(),
                     space.frame.data(), line.data());
}

// The raw F0 of a band each millisecond; 0 where there is none.
void raw_f0(const Kernels& kernels, const Crossings& crossings, double centre_hz, double rate_hz,
            HarvestRange range, Workspace& space, Doubles& f0_hz) {
  const double* lines[4];
  for (std::size_t kind = 0; kind < 4; ++kind)
    if (crossings.n(kind) < kFewestCrossings) {
      std::fill(f0_hz.begin(), f0_hz.end(), 0.0);
      return;
    }
  for (std::size_t kind = 0; kind < 4; ++kind) {
    interpolate(kernels, crossings.n(kind), crossings.at(kind), rate_hz, space, f0_hz.size(),
                space.lines[kind]);
    lines[kind] = space.lines[kind].data();
  }
  kernels.average(f0_hz.size(), lines, std::max(centre_hz * 0.9, range.floor_hz),
                  std::min(centre_hz * 1.1, range.ceiling_hz), f0_hz.data());
}

// Runs of neighbouring bands that have a raw F0, by frame.
class Runs {
 public:
  explicit Runs(std::size_t n_frames)
      : sum_(n_frames), length_(n_frames), ended_(n_frames) {}

  // Add the raw F0s of the next band.
  void add(const Kernels& kernels, const Doubles& f0_hz) {
    kernels.add_band(f0_hz.size(), kFewestBands, f0_hz.data(), sum_.data(), length_.data(),
                     ended_.data());
    for (std::size_t i = 0; i < f0_hz.size(); ++i)
      if (ended_[i] > 0.0) means_.push_back({i, ended_[i]});
  }

  // By frame, in the order of the bands.
  RawCandidates means() const {
    std::vector<std::size_t> next(sum_.size() + 1);
    for (const Mean& mean : means_) ++next[mean.frame + 1];
    for (std::size_t i = 1; i < next.size(); ++i) next[i] += next[i - 1];
    Doubles f0_hz(means_.size());
    const std::vector<std::size_t> first = next;
    for (const Mean& mean : means_) f0_hz[next[mean.frame]++] = mean.f0_hz;
    return {f0_hz, first};
  }

 private:
  struct Mean {
    std::size_t frame;
    double f0_hz;
  };

  Doubles sum_, length_, ended_;
  std::vector<Mean> means_;
};

}  // namespace

RawCandidates raw_candidates(const Kernels& kernels, const Decimated& signal, std::size_t n_frames,
                             HarvestRange range, std::size_t n_threads) {
  const std::shared_ptr<const FilterBank> bank = filter_bank(range, signal.rate_hz);
  const std::vector<Band>& bands = bank->bands;
  // alone, a thread takes one pair at a time, which its cache holds
  const std::size_t n_held = n_threads > 1 ? 8 : 1;
  std::vector<Workspace> spaces(std::min(n_threads, n_held));
  std::vector<Doubles> raw(2 * n_held, Doubles(n_frames));
  Runs runs(n_frames);
  const Ripple ripple(signal.samples, signal.rate_hz, bands[0].centre_hz);
  for (const BandGroup& group : bank->groups) {
    const FilteredSignal filtered(kernels, signal.samples, group);
    for (std::size_t first = 0; first < group.n_pairs; first += n_held) {
      const std::size_t n_pairs = std::min(n_held, group.n_pairs - first);
      in_parallel(n_pairs, spaces.size(), [&](std::size_t thread, std::size_t i) {
        Workspace& space = spaces[thread];
        space.transform.grow(group.fft.space());
        const std::size_t pair = group.first_pair + first + i;
        Ripple::Wave waves[2] = {};
        const std::size_t n_bands = std::min<std::size_t>(2, bands.size() - 2 * pair);
        for (std::size_t part = 0; part < n_bands; ++part) {
          waves[part] = ripple.of(bands[2 * pair + part].taps);
          space.crossings[part].start();
        }
        for (std::size_t block = 0; block < filtered.n_blocks(); ++block) {
          const Fft::Parts parts = filtered.filter(pair, block, space.transform.data());
          const std::size_t start = filtered.start(block), count = filtered.count(block);
          for (std::size_t part = 0; part < n_bands; ++part) {
            Crossings& crossings = space.crossings[part];
            const double* output = (part == 0 ? parts.re : parts.im) + group.overlap +
                                   bands[2 * pair + part].half();
            crossings.scan(kernels, ripple.from(waves[part], start), start, count, output);
          }
        }
        for (std::size_t part = 0; part < 2; ++part) {
          const std::size_t band = 2 * pair + part;
          // the outermost bands never take part
          if (band == 0 || band + 1 >= bands.size()) {
            std::fill(raw[2 * i + part].begin(), raw[2 * i + part].end(), 0.0);
            continue;
          }
          raw_f0(kernels, space.crossings[part], bands[band].centre_hz, signal.rate_hz, range,
                 space, raw[2 * i + part]);
        }
      });
      for (std::size_t i = 0; i < 2 * n_pairs; ++i) runs.add(kernels, raw[i]);
    }
  }
  return runs.means();
}

}  // namespace lemf
