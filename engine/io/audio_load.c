// SPDX-License-Identifier: MIT
// Loads one channel of a sound file through libsndfile, at any rate. Lengths in headers are
// promises of foreign bytes: memory grows with what is really there.

#include "backline/audio.h"

#include "backline/file.h"
#include "backline/limits.h"
#include "io/rate.h"

#include <inttypes.h>
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_SAMPLES = 65536, RIFF_SLACK_BYTES = 8 };

typedef struct audio_loader {
    const char *path;
    SNDFILE *file;
    SF_INFO info;
    uint32_t channel;
    double rate_hz; ///< wanted; 0: the file's own
    bl_rate rate;
    uint64_t frames; ///< read so far
    double squares[BL_AUDIO_CHANNELS_TOLD];
} audio_loader;

// A RIFF file states its own size (Multimedia Programming Interface 1.0, 1991). libsndfile plays
// what is left of a file that was cut short; a person should hear of it first. Writers that cannot
// go back leave 0 or all ones there, and some miscount by the header.
static bl_status check_riff_size(const char *path, int descriptor, uint64_t size, bl_error *error)
{
    unsigned char head[12];
    if (pread(descriptor, head, sizeof head, 0) != (ssize_t)sizeof head ||
        memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0) {
        return BL_STATUS_OK;
    }
    const uint32_t stated =
        head[4] | (uint32_t)head[5] << 8 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 24;
    if (stated == 0 || stated == UINT32_MAX || stated <= size + RIFF_SLACK_BYTES) {
        return BL_STATUS_OK;
    }
    return bl_error_set(error, BL_STATUS_FORMAT,
                        "%s: is cut short: found %" PRIu64 " bytes, its header expects %" PRIu64
                        "; copy or export it again",
                        path, size, (uint64_t)stated + 8);
}

static bl_status check_info(const audio_loader *loader, bl_error *error)
{
    const SF_INFO *info = &loader->info;
    if (info->samplerate < BL_RATE_MIN_HZ || info->samplerate > BL_RATE_MAX_HZ) {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "%s: found a sample rate of %d Hz, expected %.0f to %.0f", loader->path,
                            info->samplerate, BL_RATE_MIN_HZ, BL_RATE_MAX_HZ);
    }
    if (info->channels < 1 || info->channels > BUFFER_SAMPLES) {
        return bl_error_set(error, BL_STATUS_FORMAT, "%s: found %d channels, expected 1 or more",
                            loader->path, info->channels);
    }
    if (loader->channel >= (uint32_t)info->channels) {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "%s: channel %u was asked for, but the file has only %d", loader->path,
                            (unsigned)loader->channel + 1, info->channels);
    }
    return BL_STATUS_OK;
}

// How loud each channel is; numbers that are none count only in the one that is taken.
static void add_squares(audio_loader *loader, const float *interleaved, uint64_t frames)
{
    const uint64_t stride = (uint64_t)loader->info.channels;
    for (uint64_t c = 0; c < stride && c < BL_AUDIO_CHANNELS_TOLD; c++) {
        double sum = 0.0;
        for (uint64_t i = 0; i < frames; i++) {
            const double sample = (double)interleaved[i * stride + c];
            sum += sample * sample;
        }
        loader->squares[c] += isfinite(sum) ? sum : 0.0;
    }
}

// Takes this channel of `frames` frames, which are overwritten.
static bl_status append(audio_loader *loader, float *interleaved, uint64_t frames, bl_error *error)
{
    if (frames > BL_LIMIT_AUDIO_FRAMES - loader->frames) {
        return bl_error_set(error, BL_STATUS_LIMIT,
                            "%s: found more than %" PRIu64
                            " frames, expected a shorter file; cut it",
                            loader->path, BL_LIMIT_AUDIO_FRAMES);
    }
    const uint64_t stride = (uint64_t)loader->info.channels;
    add_squares(loader, interleaved, frames);
    for (uint64_t i = 0; i < frames; i++) {
        const float sample = interleaved[i * stride + loader->channel];
        if (!isfinite(sample)) {
            const uint64_t at = loader->frames + i;
            return bl_error_set(error, BL_STATUS_VALUE,
                                "%s: found %s in frame %" PRIu64 " (%.3f s), expected numbers; "
                                "export it again",
                                loader->path, isnan(sample) ? "NaN" : "infinity", at,
                                (double)at / loader->info.samplerate);
        }
        interleaved[i] = sample;
    }
    loader->frames += frames;
    return bl_rate_push(&loader->rate, interleaved, (size_t)frames, error);
}

static bl_status read_frames(audio_loader *loader, bl_error *error)
{
    float *buffer = malloc(BUFFER_SAMPLES * sizeof *buffer);
    if (buffer == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory for its sound",
                            loader->path);
    }
    const sf_count_t step = BUFFER_SAMPLES / loader->info.channels;
    bl_status status = BL_STATUS_OK;
    sf_count_t count = 0;
    do {
        count = sf_readf_float(loader->file, buffer, step);
        status = append(loader, buffer, (uint64_t)(count > 0 ? count : 0), error);
    } while (status == BL_STATUS_OK && count == step);
    free(buffer);
    if (status != BL_STATUS_OK) {
        return status;
    }
    if (sf_error(loader->file) != SF_ERR_NO_ERROR) {
        return bl_error_set(error, BL_STATUS_FORMAT, "%s: is damaged after %" PRIu64 " frames: %s",
                            loader->path, loader->frames, sf_strerror(loader->file));
    }
    if (loader->frames == 0) {
        return bl_error_set(error, BL_STATUS_FORMAT, "%s: found no sound in it, expected frames",
                            loader->path);
    }
    // Compressed streams of unknown length promise SF_COUNT_MAX.
    if (loader->info.frames != SF_COUNT_MAX && loader->frames < (uint64_t)loader->info.frames) {
        return bl_error_set(error, BL_STATUS_FORMAT,
                            "%s: is cut short: found %" PRIu64
                            " frames, its header expects %" PRIu64 "; copy or export it again",
                            loader->path, loader->frames, (uint64_t)loader->info.frames);
    }
    return BL_STATUS_OK;
}

static bl_status load_open_file(audio_loader *loader, int descriptor, uint64_t size,
                                bl_error *error)
{
    bl_status status = check_riff_size(loader->path, descriptor, size, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    loader->file = sf_open_fd(descriptor, SFM_READ, &loader->info, SF_FALSE);
    if (loader->file == NULL) {
        return bl_error_set(error, BL_STATUS_FORMAT,
                            "%s: found no sound file, expected WAV, FLAC, AIFF, Ogg or the like",
                            loader->path);
    }
    status = check_info(loader, error);
    if (status == BL_STATUS_OK) {
        status =
            bl_rate_init(&loader->rate, loader->path, loader->info.samplerate,
                         loader->rate_hz > 0.0 ? loader->rate_hz : loader->info.samplerate, error);
    }
    if (status == BL_STATUS_OK) {
        status = read_frames(loader, error);
    }
    sf_close(loader->file);
    return status;
}

bl_status bl_audio_load_at(const char *path, uint32_t channel, double sample_rate_hz,
                           bl_audio *audio, bl_error *error)
{
    audio_loader loader = {.path = path, .channel = channel, .rate_hz = sample_rate_hz};
    int descriptor = -1;
    uint64_t size = 0, frames = 0;
    float *samples = NULL;
    bl_status status = bl_file_open(path, &descriptor, &size, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    status = load_open_file(&loader, descriptor, size, error);
    close(descriptor);
    if (status == BL_STATUS_OK) {
        status = bl_rate_end(&loader.rate, &samples, &frames, error);
    }
    const double rate_hz = (double)loader.rate.to_hz;
    bl_rate_finish(&loader.rate);
    if (status == BL_STATUS_OK) {
        *audio = (bl_audio){.samples = samples,
                            .frames = frames,
                            .sample_rate_hz = rate_hz,
                            .file_channels = (uint32_t)loader.info.channels,
                            .file_rate_hz = loader.info.samplerate,
                            .file_frames = loader.frames};
        for (size_t c = 0; c < BL_AUDIO_CHANNELS_TOLD; c++) {
            audio->file_power[c] = loader.squares[c] / (double)loader.frames;
        }
    }
    return status;
}

bl_status bl_audio_load(const char *path, uint32_t channel, bl_audio *audio, bl_error *error)
{
    return bl_audio_load_at(path, channel, 0.0, audio, error);
}

void bl_audio_finish(bl_audio *audio)
{
    free(audio->samples);
    free(audio->right);
    *audio = (bl_audio){0};
}
