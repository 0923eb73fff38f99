#include "ripple.hpp"

#include <algorithm>
#include <cmath>

#include "steps.hpp"

namespace lemf {
namespace {

using Complex = std::complex<double>;

double sign_of(std::size_t n) { return n % 2 == 0 ? 1.0 : -1.0; }

}  // namespace

Ripple::Ripple(const std::vector<double>& signal, double rate_hz, double lowest_hz)
    : sign_(kScanned), cosine_(kScanned), sine_(kScanned) {
  const double longest =
      static_cast<double>(signal.size()) + 5 + 2 * static_cast<int>(2.0 * rate_hz / lowest_hz);
  size_ = std::pow(2.0, static_cast<int>(std::log(longest) / std::log(2.0)) + 1);
  for (std::size_t n = 0; n < kScanned; ++n) {
    sign_.data()[n] = sign_of(n);
    cosine_.data()[n] = turned(n).real();
    sine_.data()[n] = turned(n).imag();
  }
  signal_ = highest_bins(signal);
}

Ripple::Wave Ripple::of(const std::vector<double>& taps) const {
  const Wave filter = highest_bins(taps);
  const Complex second = signal_.slow * filter.slow;
  const Complex overwritten = signal_.level * second;
  const std::size_t early = taps.size() / 2 + 1;  // samples by which WORLD advances the output
  return {(overwritten.real() - signal_.level * filter.level) * sign_of(early) / size_,
          2.0 * (overwritten - second) * std::conj(turned(early)) / size_};
}

RippleWave Ripple::from(const Wave& wave, std::size_t start) const {
  const Complex slow = wave.slow * std::conj(turned(start)), turn = turned(kScanned);
  return {sign_of(start) * wave.level, slow.real(),    slow.imag(),  turn.real(), turn.imag(),
          sign_.data(),                cosine_.data(), sine_.data()};
}

Ripple::Wave Ripple::highest_bins(const std::vector<double>& values) const {
  Wave bins{0.0, 0.0};
  for (std::size_t start = 0; start < values.size(); start += kScanned) {
    const std::size_t count = std::min(kScanned, values.size() - start);
    double level = 0.0, even = 0.0, odd = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      level += sign_.data()[i] * values[start + i];
      even += cosine_.data()[i] * values[start + i];
      odd += sine_.data()[i] * values[start + i];
    }
    bins.level += sign_of(start) * level;
    bins.slow += Complex(even, odd) * turned(start);
  }
  return bins;
}

Complex Ripple::turned(std::size_t n) const {
  return sign_of(n) * std::polar(1.0, 2.0 * kPi * static_cast<double>(n) / size_);
}

}  // namespace lemf
