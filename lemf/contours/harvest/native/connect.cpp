// From candidates to one contour: the best of each frame, its voiced sections extended and merged.
#include <algorithm>
#include <cmath>
#include <utility>

#include "steps.hpp"

namespace lemf {
namespace {

using Index = std::ptrdiff_t;

constexpr double kLargestJump = 0.008;     // relative, from frame to frame in the best candidates
constexpr Index kShortestSection = 6;      // frames
constexpr Index kReach = 100;              // frames that a section may be extended by
constexpr int kLongestLack = 4;            // frames without a candidate that end the extension
constexpr double kAllowedRange = 0.18;     // relative step of the extension
constexpr double kCyclesTimes1000 = 2200;  // a section must hold 2.2 cycles
constexpr Index kShortestGap = 9;          // frames; shorter gaps are bridged

// A voiced section with its extension; zero beyond.
struct Section {
  Index first, last;    // of the voiced frames
  Index origin;         // frame of f0_hz[0]
  std::vector<double> f0_hz;

  double at(Index frame) const {
    const Index i = frame - origin;
    return i < 0 || i >= static_cast<Index>(f0_hz.size()) ? 0.0 : f0_hz[i];
  }
};

std::vector<double> best_candidates(const Candidates& candidates) {
  std::vector<double> best(candidates.size(), 0.0);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    double score = 0.0;
    for (const Candidate& candidate : candidates[i])
      if (candidate.score > score) {
        score = candidate.score;
        best[i] = candidate.f0_hz;
      }
  }
  return best;
}

std::vector<double> without_jumps(const std::vector<double>& best) {
  std::vector<double> kept(best.size(), 0.0);
  for (std::size_t i = 2; i < best.size(); ++i) {
    if (best[i] == 0.0) continue;
    const double expected = best[i - 1] * 2 - best[i - 2];
    const bool jumps = std::fabs((best[i] - expected) / expected) > kLargestJump &&
                       std::fabs((best[i] - best[i - 1])) / best[i - 1] > kLargestJump;
    if (!jumps) kept[i] = best[i];
  }
  return kept;
}

std::vector<double> without_short_sections(const std::vector<double>& f0_hz) {
  std::vector<double> kept = f0_hz;
  for (const auto& [first, last] : voiced_sections(f0_hz))
    if (last - first < kShortestSection) std::fill(&kept[first], &kept[last] + 1, 0.0);
  return kept;
}

// The candidate nearest to an F0 within the allowed range, the later of equals; 0 if there is none.
double nearest(double f0_hz, Candidates::Values frame) {
  double best = 0.0, error = kAllowedRange;
  for (const Candidate& candidate : frame) {
    const double distance = std::fabs(f0_hz - candidate.f0_hz) / f0_hz;
    if (distance > error) continue;
    best = candidate.f0_hz;
    error = distance;
  }
  return best;
}

// Follow the candidates from one end of a section; return the last frame with a candidate.
Index extend(Section& section, Index from, Index to, Index step, const Candidates& candidates) {
  double f0_hz = section.at(from);
  Index reached = from;
  int lacking = 0;
  for (Index frame = from; frame != to + step; frame += step) {
    const double next = nearest(f0_hz, candidates[frame + step]);
    section.f0_hz[frame + step - section.origin] = next;
    if (next == 0.0) {
      ++lacking;
    } else {
      f0_hz = next;
      lacking = 0;
      reached = frame + step;
    }
    if (lacking == kLongestLack) break;
  }
  return reached;
}

// Extend the sections at both ends and keep those that are long enough.
std::vector<Section> extended_sections(const std::vector<double>& f0_hz,
                                       const Candidates& candidates) {
  const Index n = static_cast<Index>(f0_hz.size());
  std::vector<Section> kept;
  double mean = 0.0;
  for (const auto& [first, last] : voiced_sections(f0_hz)) {
    Section section{first, last, std::max<Index>(0, first - kReach - 2), {}};
    const Index stop = std::min(n, last + kReach + 3);
    section.f0_hz.assign(stop - section.origin, 0.0);
    std::copy(&f0_hz[first], &f0_hz[last] + 1, &section.f0_hz[first - section.origin]);
    section.last = extend(section, last, std::min(n - 2, last + kReach), 1, candidates);
    section.first = extend(section, first, std::max<Index>(1, first - kReach), -1, candidates);
    // the sum starts from the mean of the section before, as it does in WORLD
    for (Index i = section.first; i < section.last; ++i) mean += section.at(i);
    mean /= static_cast<double>(section.last - section.first);
    if (kCyclesTimes1000 / mean < section.last - section.first) kept.push_back(std::move(section));
  }
  return kept;
}

double score_of(double f0_hz, Candidates::Values frame) {
  double score = 0.0;
  for (const Candidate& candidate : frame)
    if (candidate.f0_hz == f0_hz && score < candidate.score) score = candidate.score;
  return score;
}

// Nearly the order of the starts: a section is compared with those before it, but after the first
// exchange the exchanged section is compared further. WORLD does this, and merging depends on it.
std::vector<std::size_t> order_of(const std::vector<Section>& sections) {
  std::vector<std::size_t> order(sections.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (std::size_t i = 1; i < order.size(); ++i)
    for (std::size_t j = i; j-- > 0;) {
      if (sections[order[j]].first <= sections[order[i]].first) break;
      std::swap(order[i], order[j]);
    }
  return order;
}

// Lay the sections into one contour; where two overlap, the better candidates win.
std::vector<double> merge(std::vector<Section>& sections, std::size_t n_frames,
                          const Candidates& candidates) {
  std::vector<double> merged(n_frames, 0.0);
  auto lay = [&](const Section& section, Index from, Index to) {
    for (Index i = from; i <= to; ++i) merged[i] = section.at(i);
  };
  const std::vector<std::size_t> order = order_of(sections);
  const Section& head = sections[0];
  lay(head, head.origin, head.origin + static_cast<Index>(head.f0_hz.size()) - 1);
  // the first section's bounds serve as those of the contour so far, as they do in WORLD
  Index& from = sections[0].first;
  Index& to = sections[0].last;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Section& next = sections[order[i]];
    if (next.first - to > 0) {
      lay(next, next.first, next.last);
      from = next.first;
      to = next.last;
      continue;
    }
    if (from <= next.first && to >= next.last) continue;
    double score_so_far = 0.0, score_next = 0.0;
    for (Index k = next.first; k <= to; ++k) {
      score_so_far += score_of(merged[k], candidates[k]);
      score_next += score_of(next.at(k), candidates[k]);
    }
    lay(next, score_so_far > score_next ? to : next.first, next.last);
    to = next.last;
  }
  return merged;
}

std::vector<double> without_short_gaps(const std::vector<double>& f0_hz) {
  std::vector<double> bridged = f0_hz;
  const auto sections = voiced_sections(f0_hz);
  for (std::size_t i = 0; i + 1 < sections.size(); ++i) {
    const Index before = sections[i].second, after = sections[i + 1].first;
    const Index gap = after - before - 1;
    if (gap >= kShortestGap) continue;
    const double start = f0_hz[before] + 1, end = f0_hz[after] - 1;
    const double step = (end - start) / (gap + 1.0);
    for (Index k = 1; k <= gap; ++k) bridged[before + k] = start + step * static_cast<double>(k);
  }
  return bridged;
}

}  // namespace

std::vector<std::pair<Index, Index>> voiced_sections(const std::vector<double>& f0_hz) {
  std::vector<std::pair<Index, Index>> sections;
  const Index n = static_cast<Index>(f0_hz.size());
  Index first = -1;
  for (Index i = 1; i < n; ++i) {
    const bool voiced = i + 1 < n && f0_hz[i] > 0;
    if (voiced && first < 0) first = i;
    if (!voiced && first >= 0) {
      sections.emplace_back(first, i - 1);
      first = -1;
    }
  }
  return sections;
}

std::vector<double> connect(const Candidates& candidates) {
  const std::vector<double> best = best_candidates(candidates);
  const std::vector<double> voiced = without_short_sections(without_jumps(best));
  std::vector<Section> sections = extended_sections(voiced, candidates);
  if (sections.empty()) return without_short_gaps(voiced);
  return without_short_gaps(merge(sections, candidates.size(), candidates));
}

}  // namespace lemf
