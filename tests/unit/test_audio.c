// SPDX-License-Identifier: MIT
// Sound files: what comes back from each format, what is refused and how, and resampling that moves
// nothing in time.

#include "backline/audio.h"
#include "backline/limits.h"

#include "skip.h"
#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/random.h"

#include <math.h>
#include <signal.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static bl_audio make_audio(uint64_t frames, double sample_rate_hz)
{
    bl_audio audio = {.frames = frames, .sample_rate_hz = sample_rate_hz};
    audio.samples = calloc(frames, sizeof *audio.samples);
    assert_non_null(audio.samples);
    return audio;
}

static bl_audio make_noise(uint64_t frames, double sample_rate_hz)
{
    random_source source = {7};
    bl_audio audio = make_audio(frames, sample_rate_hz);
    for (uint64_t i = 0; i < frames; i++) {
        audio.samples[i] = random_float(&source, -0.9F, 0.9F);
    }
    return audio;
}

static void save(const char *name, const bl_audio *audio, bl_audio_bits bits)
{
    bl_error error = {0};
    const bl_status status = bl_audio_save(test_folder_file(name), audio, bits, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, BL_STATUS_OK);
}

static bl_audio load(const char *name, uint32_t channel)
{
    bl_audio audio = {0};
    bl_error error = {0};
    const bl_status status = bl_audio_load(test_folder_file(name), channel, &audio, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, BL_STATUS_OK);
    return audio;
}

static void assert_refused(const char *name, uint32_t channel, bl_status expected,
                           const char *sentence)
{
    bl_audio audio = {0};
    bl_error error = {0};
    assert_int_equal(bl_audio_load(test_folder_file(name), channel, &audio, &error), expected);
    if (strstr(error.text, sentence) == NULL ||
        strstr(error.text, test_folder_file(name)) != error.text) {
        fail_msg("expected: %s\nfound:    %s", sentence, error.text);
    }
    assert_null(audio.samples);
}

// A file in any of libsndfile's formats; `samples` are interleaved.
static void write_any(const char *name, int format, int channels, int rate, const float *samples,
                      sf_count_t frames)
{
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
    SNDFILE *file = sf_open(test_folder_file(name), SFM_WRITE, &info);
    assert_non_null(file);
    assert_int_equal(sf_writef_float(file, samples, frames), frames);
    sf_close(file);
}

static void test_float_is_exact(void **state)
{
    (void)state;
    bl_audio audio = make_noise(100003, 44100.0);
    audio.samples[5] = 3.5F; // over full scale stays
    save("a.wav", &audio, BL_AUDIO_FLOAT_32);
    bl_audio again = load("a.wav", 0);
    assert_int_equal(again.frames, audio.frames);
    assert_int_equal(again.file_channels, 1);
    assert_true(again.sample_rate_hz == 44100.0);
    assert_memory_equal(again.samples, audio.samples, audio.frames * sizeof(float));
    bl_audio_finish(&again);
    bl_audio_finish(&audio);
    assert_null(audio.samples);
}

// libsndfile's PEAK chunk holds the time of writing, which would make equal renders differ.
static void test_no_time_stamp(void **state)
{
    (void)state;
    const bl_audio empty = {.samples = NULL, .frames = 0, .sample_rate_hz = 48000.0};
    save("a.wav", &empty, BL_AUDIO_FLOAT_32);
    char bytes[512];
    FILE *file = fopen(test_folder_file("a.wav"), "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_in_range(size, 44, 100);
    for (size_t i = 0; i + 4 <= size; i++) {
        assert_int_not_equal(memcmp(bytes + i, "PEAK", 4), 0);
    }
}

// PCM files come back exactly, so loading and saving one loses nothing; 1.0 is the largest value.
static void check_pcm(bl_audio_bits bits, double scale)
{
    bl_audio audio = make_noise(50000, 48000.0);
    for (uint64_t i = 0; i < audio.frames; i++) {
        audio.samples[i] = (float)(nearbyint((double)audio.samples[i] * scale) / scale);
    }
    audio.samples[0] = -1.0F;
    audio.samples[1] = (float)((scale - 1.0) / scale);
    save("p.wav", &audio, bits);
    bl_audio again = load("p.wav", 0);
    assert_memory_equal(again.samples, audio.samples, audio.frames * sizeof(float));
    bl_audio_finish(&again);
    audio.samples[0] = -1.5F;
    audio.samples[1] = 1.0F;
    audio.samples[2] = 1e9F;
    assert_int_equal(bl_audio_count_clipped(&audio), 2);
    save("p.wav", &audio, bits);
    again = load("p.wav", 0);
    assert_true(again.samples[0] == -1.0F);
    assert_true(again.samples[1] == (float)((scale - 1.0) / scale));
    assert_true(again.samples[2] == again.samples[1]);
    bl_audio_finish(&again);
    bl_audio_finish(&audio);
}

static void test_pcm_16(void **state)
{
    (void)state;
    check_pcm(BL_AUDIO_PCM_16, 32768.0);
}

static void test_pcm_24(void **state)
{
    (void)state;
    check_pcm(BL_AUDIO_PCM_24, 8388608.0);
}

static void test_formats_and_channels(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int format;
    } formats[] = {
        {"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24},
        {"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24},
        {"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_24},
        {"a.w64", SF_FORMAT_W64 | SF_FORMAT_FLOAT},
        {"a.rf64", SF_FORMAT_RF64 | SF_FORMAT_DOUBLE},
        {"a.caf", SF_FORMAT_CAF | SF_FORMAT_PCM_32},
    };
    enum { FRAMES = 70000, CHANNELS = 3 };
    float *samples = malloc(FRAMES * CHANNELS * sizeof *samples);
    assert_non_null(samples);
    double powers[CHANNELS] = {0};
    for (int i = 0; i < FRAMES * CHANNELS; i++) {
        samples[i] = (float)((i % CHANNELS) * 1000 + i % 997) / 8192.0F;
        powers[i % CHANNELS] += (double)samples[i] * (double)samples[i] / FRAMES;
    }
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        write_any(formats[f].name, formats[f].format, CHANNELS, 96000, samples, FRAMES);
        for (uint32_t c = 0; c < CHANNELS; c++) {
            bl_audio audio = load(formats[f].name, c);
            assert_int_equal(audio.frames, FRAMES);
            assert_int_equal(audio.file_channels, CHANNELS);
            assert_true(audio.sample_rate_hz == 96000.0);
            for (uint64_t i = 0; i < FRAMES; i++) {
                assert_true(fabsf(audio.samples[i] - samples[i * CHANNELS + c]) < 2e-7F);
            }
            for (uint32_t k = 0; k < CHANNELS; k++) {
                assert_true(fabs(audio.file_power[k] - powers[k]) < 1e-6 * powers[k]);
            }
            assert_true(audio.file_power[CHANNELS] == 0.0);
            bl_audio_finish(&audio);
        }
        assert_refused(formats[f].name, CHANNELS, BL_STATUS_VALUE,
                       ": channel 4 was asked for, but the file has only 3");
    }
    free(samples);
}

static void test_refused_files(void **state)
{
    (void)state;
    assert_refused("none.wav", 0, BL_STATUS_NOT_FOUND, ": cannot be opened: No such file");
    test_folder_write("text.wav", "this is no sound at all, only words\n", 36);
    assert_refused("text.wav", 0, BL_STATUS_FORMAT, ": found no sound file, expected");
    test_folder_write("empty.wav", "", 0);
    assert_refused("empty.wav", 0, BL_STATUS_FORMAT, ": found no sound file, expected");
    assert_int_equal(mkfifo(test_folder_file("pipe.wav"), 0600), 0);
    assert_refused("pipe.wav", 0, BL_STATUS_IO, ": found a device or pipe, expected a file");
    const float one = 0.5F;
    write_any("nothing.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1, 48000, &one, 0);
    assert_refused("nothing.wav", 0, BL_STATUS_FORMAT, ": found no sound in it");
    write_any("slow.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1, 4000, &one, 1);
    assert_refused("slow.wav", 0, BL_STATUS_VALUE,
                   ": found a sample rate of 4000 Hz, expected 8000");
    const float values[] = {0.0F, 1.0F, NAN, -INFINITY};
    write_any("nan.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 2, 48000, values, 2);
    assert_refused("nan.wav", 0, BL_STATUS_VALUE, ": found NaN in frame 1 (0.000 s)");
    assert_refused("nan.wav", 1, BL_STATUS_VALUE, ": found infinity in frame 1 (0.000 s)");
}

static void test_cut_short(void **state)
{
    (void)state;
    bl_audio audio = make_noise(20000, 48000.0);
    save("a.wav", &audio, BL_AUDIO_FLOAT_32);
    assert_int_equal(truncate(test_folder_file("a.wav"), 40000), 0);
    assert_refused("a.wav", 0, BL_STATUS_FORMAT, ": is cut short: found 40000 bytes, its header");
    assert_int_equal(truncate(test_folder_file("a.wav"), 30), 0);
    assert_refused("a.wav", 0, BL_STATUS_FORMAT, ": is cut short: found 30 bytes, its header");
    write_any("a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1, 48000, audio.samples, 20000);
    assert_int_equal(truncate(test_folder_file("a.flac"), 30000), 0);
    assert_refused("a.flac", 0, BL_STATUS_FORMAT, "");
    bl_audio_finish(&audio);
}

// A header that promises 2^31 - 1 frames of FLAC costs no memory for them.
static void test_absurd_promise(void **state)
{
    (void)state;
    bl_audio audio = make_noise(5000, 48000.0);
    write_any("a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1, 48000, audio.samples, 5000);
    FILE *file = fopen(test_folder_file("a.flac"), "r+b");
    assert_non_null(file);
    // STREAMINFO: 36 bits of total samples end at byte 26 (xiph.org/flac/format.html).
    static const unsigned char count[] = {0x7F, 0xFF, 0xFF, 0xFF};
    fseek(file, 22, SEEK_SET);
    fwrite(count, 1, sizeof count, file);
    fclose(file);
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
#ifndef __SANITIZE_ADDRESS__ // which reserves address space by the terabyte
    limit = before;
    limit.rlim_cur = (rlim_t)1 << 30;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
#else
    (void)limit;
#endif
    assert_refused("a.flac", 0, BL_STATUS_FORMAT, ": is cut short: found 5000 frames, its header");
    setrlimit(RLIMIT_AS, &before);
    bl_audio_finish(&audio);
}

static void test_every_truncation(void **state)
{
    (void)state;
    bl_audio audio = make_noise(300, 48000.0);
    static const char *const names[] = {"a.wav", "a.flac", "a.aiff", "a.caf"};
    static const int formats[] = {
        SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
        SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_CAF | SF_FORMAT_PCM_16};
    for (size_t n = 0; n < 4; n++) {
        write_any(names[n], formats[n], 1, 48000, audio.samples, 300);
        struct stat facts;
        assert_int_equal(stat(test_folder_file(names[n]), &facts), 0);
        for (off_t size = facts.st_size - 1; size >= 0; size -= 13) {
            assert_int_equal(truncate(test_folder_file(names[n]), size), 0);
            bl_audio part = {0};
            bl_error error = {0};
            const bl_status status = bl_audio_load(test_folder_file(names[n]), 0, &part, &error);
            assert_true(status == BL_STATUS_OK || error.text[0] != '\0');
            bl_audio_finish(&part);
        }
    }
    bl_audio_finish(&audio);
}

static void test_save_refuses(void **state)
{
    (void)state;
    bl_audio audio = make_noise(100000, 48000.0);
    bl_error error = {0};
    audio.samples[48000] = NAN;
    assert_int_equal(bl_audio_save(test_folder_file("a.wav"), &audio, BL_AUDIO_PCM_16, &error),
                     BL_STATUS_VALUE);
    assert_non_null(strstr(error.text, "/a.wav: not written: frame 48000 (1.000 s) is NaN"));
    audio.samples[48000] = 0.0F;
    bl_error_clear(&error);
    assert_int_equal(bl_audio_save(test_folder_file("no/a.wav"), &audio, BL_AUDIO_PCM_16, &error),
                     BL_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "/no/a.wav: cannot be written: No such file or directory"));
    assert_int_equal(test_folder_count(), 0);
    bl_audio_finish(&audio);
}

// The size limit of the process stands for a full disk: the write fails halfway.
static void test_save_on_full_disk(void **state)
{
    (void)state;
    bl_audio audio = make_noise(100000, 48000.0);
    save("a.wav", &audio, BL_AUDIO_PCM_16);
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t size = 0; size <= 300000; size += 100000) {
        bl_error error = {0};
        limit.rlim_cur = size;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        const bl_status status =
            bl_audio_save(test_folder_file("a.wav"), &audio, BL_AUDIO_FLOAT_32, &error);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(status, BL_STATUS_IO);
        assert_non_null(strstr(error.text, "/a.wav: cannot be written: File too large"));
        bl_audio old = load("a.wav", 0);
        assert_int_equal(old.frames, audio.frames);
        bl_audio_finish(&old);
        assert_int_equal(test_folder_count(), 1);
    }
    bl_audio_finish(&audio);
}

static void test_past_4_gib(void **state)
{
    (void)state;
    if (getenv("BL_TEST_LARGE") == NULL) {
        bl_test_skip("writes 4.3 GB; set BL_TEST_LARGE=1 to run it");
    }
    const uint64_t frames = (UINT64_C(1) << 30) + 1000;
    float *zeros = mmap(NULL, frames * sizeof *zeros, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(zeros != MAP_FAILED);
    zeros[frames - 1] = 0.25F;
    const bl_audio audio = {.samples = zeros, .frames = frames, .sample_rate_hz = 48000.0};
    save("a.wav", &audio, BL_AUDIO_FLOAT_32);
    munmap(zeros, frames * sizeof *zeros);
    SF_INFO info = {0};
    SNDFILE *file = sf_open(test_folder_file("a.wav"), SFM_READ, &info);
    assert_non_null(file);
    float last = 0.0F;
    assert_int_equal(info.format & SF_FORMAT_TYPEMASK, SF_FORMAT_RF64);
    assert_int_equal(info.frames, frames);
    assert_int_equal(sf_seek(file, -1, SEEK_END), frames - 1);
    assert_int_equal(sf_readf_float(file, &last, 1), 1);
    assert_true(last == 0.25F);
    sf_close(file);
}

static float tone(double hz, double seconds)
{
    // Slow fades at both ends, so that what lies outside the file is no step.
    const double fade = seconds < 0.0 || seconds > 1.0 ? 0.0 : 0.5 - 0.5 * cos(2 * M_PI * seconds);
    return (float)(0.5 * fade * sin(2 * M_PI * hz * seconds));
}

// A faded tone of one second after resampling against the same tone made at the new rate.
static void check_resampling(double from_hz, double to_hz, double tone_hz, double allowed)
{
    bl_audio audio = make_audio((uint64_t)from_hz, from_hz);
    bl_error error = {0};
    for (uint64_t i = 0; i < audio.frames; i++) {
        audio.samples[i] = tone(tone_hz, (double)i / from_hz);
    }
    assert_int_equal(bl_audio_resample(&audio, to_hz, &error), BL_STATUS_OK);
    assert_true(audio.sample_rate_hz == to_hz);
    assert_int_equal(audio.frames, (uint64_t)to_hz);
    double worst = 0.0;
    for (uint64_t i = 0; i < audio.frames; i++) {
        const double difference =
            (double)audio.samples[i] - (double)tone(tone_hz, (double)i / to_hz);
        worst = fmax(worst, fabs(difference));
    }
    if (worst > allowed) {
        fail_msg("%.0f -> %.0f Hz, tone of %.0f Hz: off by %g", from_hz, to_hz, tone_hz, worst);
    }
    bl_audio_finish(&audio);
}

static void test_resampling_keeps_time(void **state)
{
    (void)state;
    static const double rates[] = {22050, 32000, 44100, 48000, 88200, 96000, 192000};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        for (size_t j = 0; j < sizeof rates / sizeof rates[0]; j++) {
            // 0.1 samples of delay at 5 kHz and 22.05 kHz would show as 0.07.
            check_resampling(rates[i], rates[j], 1000.0, 2e-5);
            check_resampling(rates[i], rates[j], 5000.0, 2e-5);
        }
    }
    check_resampling(44100, 44101, 1000.0, 2e-5);
}

static void test_resampling_length(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {1, 2, 100, 147, 160, 161, 8192, 30001};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        bl_error error = {0};
        bl_audio audio = make_noise(lengths[i], 48000.0);
        assert_int_equal(bl_audio_resample(&audio, 44100.0, &error), BL_STATUS_OK);
        assert_int_equal(audio.frames, (lengths[i] * 147 + 159) / 160);
        assert_int_equal(bl_audio_resample(&audio, 48000.0, &error), BL_STATUS_OK);
        assert_true(audio.frames >= lengths[i]); // the way back covers everything
        for (uint64_t k = 0; k < audio.frames; k++) {
            assert_true(isfinite(audio.samples[k]));
        }
        bl_audio_finish(&audio);
    }
}

// Block by block while reading, or all at once afterwards: the same bits.
static void test_loading_at_a_rate(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {1, 161, 65536, 200001};
    static const double rates[] = {0.0, 32000.0, 44100.0, 48000.0, 96000.0};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        bl_error error = {0};
        bl_audio noise = make_noise(lengths[i], 44100.0);
        assert_int_equal(
            bl_audio_save(test_folder_file("n.wav"), &noise, BL_AUDIO_FLOAT_32, &error),
            BL_STATUS_OK);
        for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
            bl_audio loaded, after;
            assert_int_equal(
                bl_audio_load_at(test_folder_file("n.wav"), 0, rates[r], &loaded, &error),
                BL_STATUS_OK);
            assert_int_equal(bl_audio_load(test_folder_file("n.wav"), 0, &after, &error),
                             BL_STATUS_OK);
            const double rate_hz = rates[r] > 0.0 ? rates[r] : 44100.0;
            assert_int_equal(bl_audio_resample(&after, rate_hz, &error), BL_STATUS_OK);
            assert_true(loaded.sample_rate_hz == rate_hz && loaded.file_rate_hz == 44100.0);
            assert_int_equal(loaded.file_frames, lengths[i]);
            assert_int_equal(loaded.frames, after.frames);
            assert_memory_equal(loaded.samples, after.samples,
                                (size_t)after.frames * sizeof(float));
            bl_audio_finish(&loaded);
            bl_audio_finish(&after);
        }
        bl_audio_finish(&noise);
    }
}

static void test_resampling_nothing(void **state)
{
    (void)state;
    bl_audio audio = make_noise(100, 48000.0);
    const float *before = audio.samples;
    bl_error error = {0};
    assert_int_equal(bl_audio_resample(&audio, 48000.0, &error), BL_STATUS_OK);
    assert_ptr_equal(audio.samples, before);
    assert_int_equal(bl_audio_resample(&audio, 1.0, &error), BL_STATUS_VALUE);
    assert_int_equal(bl_audio_resample(&audio, (double)NAN, NULL), BL_STATUS_VALUE);
    assert_ptr_equal(audio.samples, before);
    bl_audio_finish(&audio);
}

static void test_errors_of_resampling_name_the_file(void **state)
{
    (void)state;
    bl_error error = {0};
    bl_audio loaded, noise = make_noise(100, 48000.0);
    assert_int_equal(bl_audio_save(test_folder_file("n.wav"), &noise, BL_AUDIO_FLOAT_32, &error),
                     BL_STATUS_OK);
    assert_int_equal(bl_audio_load_at(test_folder_file("n.wav"), 0, 1.0, &loaded, &error),
                     BL_STATUS_VALUE);
    assert_non_null(strstr(error.text, "/n.wav: cannot be taken to a rate of 1 Hz, expected "));
    bl_audio_finish(&noise);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_folder_make, test_folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_float_is_exact),
        TEST(test_no_time_stamp),
        TEST(test_pcm_16),
        TEST(test_pcm_24),
        TEST(test_formats_and_channels),
        TEST(test_refused_files),
        TEST(test_cut_short),
        TEST(test_absurd_promise),
        TEST(test_every_truncation),
        TEST(test_save_refuses),
        TEST(test_save_on_full_disk),
        TEST(test_past_4_gib),
        TEST(test_resampling_keeps_time),
        TEST(test_resampling_length),
        TEST(test_loading_at_a_rate),
        TEST(test_errors_of_resampling_name_the_file),
        TEST(test_resampling_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
