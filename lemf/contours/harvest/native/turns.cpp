#include "turns.hpp"

#include <cmath>

#include "steps.hpp"

namespace lemf {

Turn multiples(double angle, int n) {
  Turn turn{AlignedDoubles(n), AlignedDoubles(n)};
  double *cosine = turn.cosine.data(), *sine = turn.sine.data();
  cosine[0] = 1.0;
  if (n > 1) {
    cosine[1] = std::cos(angle);
    sine[1] = std::sin(angle);
  }
  for (int k = 2; k < n; ++k) {  // from two halves, so that no error adds up
    const int a = k / 2, b = k - a;
    cosine[k] = cosine[a] * cosine[b] - sine[a] * sine[b];
    sine[k] = sine[a] * cosine[b] + cosine[a] * sine[b];
  }
  return turn;
}

const Turn& BinWaves::of(int fft_size, int bin) {
  if (last_ == nullptr || last_size_ != fft_size) {
    last_ = &by_size_[fft_size];
    last_size_ = fft_size;
    if (last_->by_bin.empty()) {
      last_->circle = multiples(2.0 * kPi / fft_size, fft_size);
      last_->by_bin.resize(fft_size / 2 + 1);
    }
  }
  Turn& wave = last_->by_bin[bin];
  if (wave.cosine.empty()) {
    const double *cosine = last_->circle.cosine.data(), *sine = last_->circle.sine.data();
    wave.cosine.resize(fft_size / 4);
    wave.sine.resize(fft_size / 4);
    for (int k = 0; k < fft_size / 4; ++k) {
      const int place = bin * k % fft_size;
      wave.cosine.data()[k] = cosine[place];
      wave.sine.data()[k] = sine[place];
    }
  }
  return wave;
}

}  // namespace lemf
