// SPDX-License-Identifier: MIT
// Saves sound as WAV through libsndfile. The file's bytes depend on the samples alone: no time
// stamp, no peak chunk, so that two renders can be compared byte by byte.

#include "backline/audio.h"

#include "backline/file.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sndfile.h>
#include <stdbool.h>
#include <string.h>

enum { STEP_FRAMES = 8192, HEADER_BYTES_MAX = 4096 };

uint64_t bl_audio_count_clipped(const bl_audio *audio)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < audio->frames; i++) {
        count += fabsf(audio->samples[i]) > 1.0F ||
                 (audio->right != NULL && fabsf(audio->right[i]) > 1.0F);
    }
    return count;
}

static int count_channels(const bl_audio *audio)
{
    return audio->right != NULL ? 2 : 1;
}

static uint64_t bytes_per_sample(bl_audio_bits bits)
{
    switch (bits) {
    case BL_AUDIO_PCM_16:
        return 2;
    case BL_AUDIO_PCM_24:
        return 3;
    case BL_AUDIO_FLOAT_32:
        break;
    }
    return 4;
}

// RF64 (EBU Tech 3306) where the 32-bit sizes of WAV would overflow.
static int choose_format(const bl_audio *audio, bl_audio_bits bits)
{
    const uint64_t most =
        (UINT32_MAX - HEADER_BYTES_MAX) / bytes_per_sample(bits) / (uint64_t)count_channels(audio);
    const int container = audio->frames > most ? SF_FORMAT_RF64 : SF_FORMAT_WAV;
    switch (bits) {
    case BL_AUDIO_PCM_16:
        return container | SF_FORMAT_PCM_16;
    case BL_AUDIO_PCM_24:
        return container | SF_FORMAT_PCM_24;
    case BL_AUDIO_FLOAT_32:
        break;
    }
    return container | SF_FORMAT_FLOAT;
}

// Full scale 1.0 is one step over the largest PCM value, which it becomes.
static int to_pcm(float sample, double scale)
{
    const double scaled = nearbyint((double)sample * scale);
    return (int)fmin(fmax(scaled, -scale), scale - 1.0);
}

// At most STEP_FRAMES frames from `from` on. True if all were written.
static bool write_step(SNDFILE *file, const bl_audio *audio, uint64_t from, sf_count_t frames,
                       bl_audio_bits bits)
{
    float samples[2 * STEP_FRAMES];
    int pcm[2 * STEP_FRAMES];
    const int channels = count_channels(audio);
    for (sf_count_t i = 0; i < frames; i++) {
        samples[i * channels] = audio->samples[from + (uint64_t)i];
        if (channels == 2) {
            samples[2 * i + 1] = audio->right[from + (uint64_t)i];
        }
    }
    if (bits == BL_AUDIO_FLOAT_32) {
        return sf_writef_float(file, samples, frames) == frames;
    }
    const bool wide = bits == BL_AUDIO_PCM_24;
    for (sf_count_t i = 0; i < frames * channels; i++) {
        // libsndfile takes integers at the top of 32 bits whatever the file holds.
        pcm[i] = wide ? to_pcm(samples[i], 8388608.0) * 256 : to_pcm(samples[i], 32768.0) * 65536;
    }
    return sf_writef_int(file, pcm, frames) == frames;
}

static bl_status fail_write(const char *path, SNDFILE *file, int number, bl_error *error)
{
    return bl_error_set(error, BL_STATUS_IO, "%s: cannot be written: %s", path,
                        number != 0 ? strerror(number) : sf_strerror(file));
}

static bl_status write_samples(const bl_file_writer *writer, const char *path,
                               const bl_audio *audio, bl_audio_bits bits, bl_error *error)
{
    SF_INFO info = {.samplerate = (int)lrint(audio->sample_rate_hz),
                    .channels = count_channels(audio),
                    .format = choose_format(audio, bits)};
    errno = 0;
    SNDFILE *file = sf_open_fd(writer->descriptor, SFM_WRITE, &info, SF_FALSE);
    if (file == NULL) {
        return fail_write(path, NULL, errno, error);
    }
    sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    bl_status status = BL_STATUS_OK;
    for (uint64_t done = 0; done < audio->frames && status == BL_STATUS_OK;) {
        const uint64_t left = audio->frames - done;
        const sf_count_t now = left < STEP_FRAMES ? (sf_count_t)left : STEP_FRAMES;
        if (!write_step(file, audio, done, now, bits)) {
            status = fail_write(path, file, errno, error);
        }
        done += (uint64_t)now;
    }
    if (sf_close(file) != 0 && status == BL_STATUS_OK) { // writes the final sizes
        status = fail_write(path, NULL, errno, error);
    }
    return status;
}

static bl_status check_finite(const char *path, const bl_audio *audio, bl_error *error)
{
    for (uint64_t i = 0; i < audio->frames; i++) {
        const float other = audio->right != NULL ? audio->right[i] : 0.0F;
        if (!isfinite(audio->samples[i]) || !isfinite(other)) {
            return bl_error_set(error, BL_STATUS_VALUE,
                                "%s: not written: frame %" PRIu64
                                " (%.3f s) is %s, expected a number; choose another model",
                                path, i, (double)i / audio->sample_rate_hz,
                                isnan(audio->samples[i]) || isnan(other) ? "NaN" : "infinite");
        }
    }
    return BL_STATUS_OK;
}

bl_status bl_audio_save(const char *path, const bl_audio *audio, bl_audio_bits bits,
                        bl_error *error)
{
    bl_file_writer writer;
    bl_status status = check_finite(path, audio, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    status = bl_file_writer_open(&writer, path, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    status = write_samples(&writer, path, audio, bits, error);
    if (status == BL_STATUS_OK) {
        status = bl_file_writer_commit(&writer, error);
    }
    bl_file_writer_abort(&writer);
    return status;
}
