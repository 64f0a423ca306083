// SPDX-License-Identifier: MIT
// The library calls that the audio thread may make, declared fit for it. Each was read: no
// allocation, lock or system call on the paths used here. tests/lint/rt_symbols.sh has the same.

#ifndef BACKLINE_RT_LIBRARY_H
#define BACKLINE_RT_LIBRARY_H

#include "backline/realtime.h"

#include <kiss_fftr.h>
#include <speex/speex_resampler.h>

// NOLINTBEGIN(readability-redundant-declaration)

// Sizes are powers of two, so that no generic butterfly allocates its scratch.
void kiss_fftr(kiss_fftr_cfg cfg, const kiss_fft_scalar *timedata,
               kiss_fft_cpx *freqdata) BL_NONBLOCKING;
void kiss_fftri(kiss_fftr_cfg cfg, const kiss_fft_cpx *freqdata,
                kiss_fft_scalar *timedata) BL_NONBLOCKING;

// The rates never change after creation, so that no filter is made anew.
int speex_resampler_process_float(SpeexResamplerState *st, spx_uint32_t channel_index,
                                  const float *in, spx_uint32_t *in_len, float *out,
                                  spx_uint32_t *out_len) BL_NONBLOCKING;
int speex_resampler_reset_mem(SpeexResamplerState *st) BL_NONBLOCKING;

// NOLINTEND(readability-redundant-declaration)

#endif
