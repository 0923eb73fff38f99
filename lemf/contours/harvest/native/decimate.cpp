// The low-pass filter and the choice of samples of MATLAB's decimate, which Harvest uses.
#include <algorithm>
#include <cmath>
#include <complex>

#include "steps.hpp"

namespace lemf {
namespace {

constexpr int kReflected = 9;       // samples reflected at either end
constexpr double kPadding = 140.0;  // further samples held at either end

// y = b0 (w + w3) + b1 (w1 + w2), w = x + a0 w1 + a1 w2 + a2 w3
struct Filter {
  double a[3], b[2];
};

// Smith's method, as in GCC's library. That of the library is compiled by others, who fuse products
// with sums where the processor can, as on aarch64: other last bits.
std::complex<double> divide(std::complex<double> x, std::complex<double> y) {
  const double a = x.real(), b = x.imag(), c = y.real(), d = y.imag();
  if (std::abs(c) < std::abs(d)) {
    const double ratio = c / d, denominator = c * ratio + d;
    return {(a * ratio + b) / denominator, (b * ratio - a) / denominator};
  }
  const double ratio = d / c, denominator = d * ratio + c;
  return {(b * ratio + a) / denominator, (b - a * ratio) / denominator};
}

// Chebyshev filter of the first kind, third order, 0.05 dB of ripple, cut off at 0.8 / factor.
Filter design(int factor) {
  const double ripple = std::sqrt(std::pow(10.0, 0.005) - 1.0);
  const double mu = std::asinh(1.0 / ripple) / 3.0;
  const double warped = 4.0 * std::tan(kPi * 0.8 / factor / 2.0);
  std::complex<double> poles[3];
  std::complex<double> gain = 1.0;
  for (int k = 0; k < 3; ++k) {
    const double theta = kPi * (2 * (k - 1)) / 6.0;
    const std::complex<double> pole =
        -std::complex<double>(std::sinh(mu) * std::cos(theta), std::cosh(mu) * std::sin(theta));
    gain *= divide(-pole * warped, 4.0 - pole * warped);
    poles[k] = divide(4.0 + pole * warped, 4.0 - pole * warped);
  }
  const std::complex<double> s1 = poles[0] + poles[1] + poles[2];
  const std::complex<double> s2 = poles[0] * poles[1] + poles[0] * poles[2] + poles[1] * poles[2];
  const std::complex<double> s3 = poles[0] * poles[1] * poles[2];
  const double b = gain.real();
  return {{s1.real(), -s2.real(), s3.real()}, {b, 3.0 * b}};
}

void run(const Filter& f, std::vector<double>& x) {
  double w1 = 0.0, w2 = 0.0, w3 = 0.0;
  for (double& value : x) {
    const double w = value + f.a[0] * w1 + f.a[1] * w2 + f.a[2] * w3;
    value = f.b[0] * w + f.b[1] * w1 + f.b[1] * w2 + f.b[0] * w3;
    w3 = w2;
    w2 = w1;
    w1 = w;
  }
}

std::vector<double> low_pass_and_pick(const std::vector<double>& x, int factor) {
  const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(x.size());
  std::vector<double> padded(n + 2 * kReflected);
  for (int i = 0; i < kReflected; ++i) {
    padded[i] = 2 * x[0] - x[kReflected - i];
    padded[n + kReflected + i] = 2 * x[n - 1] - x[n - 2 - i];
  }
  std::copy(x.begin(), x.end(), padded.begin() + kReflected);
  const Filter filter = design(factor);
  for (int direction = 0; direction < 2; ++direction) {
    run(filter, padded);
    std::reverse(padded.begin(), padded.end());
  }
  const std::ptrdiff_t n_out = (n - 1) / factor + 1;
  std::vector<double> picked;
  for (std::ptrdiff_t i = factor - factor * n_out + n; i < n + kReflected; i += factor)
    picked.push_back(padded[i + kReflected - 1]);
  return picked;
}

}  // namespace

Decimated decimate(const double* samples, std::size_t n_samples, int rate_hz) {
  const int factor = std::max(std::min(round_half_away(rate_hz / 8000.0), 12), 1);
  const std::size_t n_out = (n_samples + factor - 1) / factor;
  Decimated result{std::vector<double>(samples, samples + n_samples),
                   static_cast<double>(rate_hz) / factor};
  if (factor > 1) {
    const std::size_t lag = static_cast<std::size_t>(std::ceil(kPadding / factor)) * factor;
    std::vector<double> held(n_samples + 2 * lag, samples[0]);
    std::copy_n(samples, n_samples, held.begin() + lag);
    std::fill(held.begin() + lag + n_samples, held.end(), samples[n_samples - 1]);
    const std::vector<double> picked = low_pass_and_pick(held, factor);
    result.samples.assign(picked.begin() + lag / factor, picked.begin() + lag / factor + n_out);
  }
  double mean = 0.0;
  for (double value : result.samples) mean += value;
  mean /= static_cast<double>(result.samples.size());
  for (double& value : result.samples) value -= mean;
  return result;
}

}  // namespace lemf
