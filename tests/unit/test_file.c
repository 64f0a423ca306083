// SPDX-License-Identifier: MIT
// Whole files: what is read, what is refused, and that writing leaves the old file or the new one.

#include "backline/file.h"

#include "support/cmocka_all.h"
#include "support/folder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *name, const char *text)
{
    bl_file_writer writer;
    bl_error error = {0};
    assert_int_equal(bl_file_writer_open(&writer, test_folder_file(name), &error), BL_STATUS_OK);
    assert_int_equal(bl_file_writer_write(&writer, text, strlen(text), &error), BL_STATUS_OK);
    assert_int_equal(bl_file_writer_commit(&writer, &error), BL_STATUS_OK);
    bl_file_writer_abort(&writer); // allowed, does nothing
}

static void assert_holds(const char *name, const char *text)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    bl_error error = {0};
    assert_int_equal(bl_file_read(test_folder_file(name), 1024, &bytes, &size, &error),
                     BL_STATUS_OK);
    assert_int_equal(size, strlen(text));
    assert_string_equal((const char *)bytes, text); // the zero behind it
    free(bytes);
}

static void test_write_and_read(void **state)
{
    (void)state;
    write_file("a", "first");
    assert_holds("a", "first");
    write_file("a", "second, longer");
    assert_holds("a", "second, longer");
    write_file("empty", "");
    assert_holds("empty", "");
    assert_int_equal(test_folder_count(), 2);
}

static void test_mode_follows_umask(void **state)
{
    (void)state;
    const mode_t before = umask(022);
    write_file("mode", "x");
    umask(before);
    struct stat facts;
    assert_int_equal(stat(test_folder_file("mode"), &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0644);
}

static void test_abort_leaves_old_file(void **state)
{
    (void)state;
    write_file("old", "old");
    bl_file_writer writer;
    bl_error error = {0};
    assert_int_equal(bl_file_writer_open(&writer, test_folder_file("old"), &error), BL_STATUS_OK);
    assert_int_equal(bl_file_writer_write(&writer, "new", 3, &error), BL_STATUS_OK);
    assert_in_range(test_folder_count(), 1, 2); // with a name or without, as the file system can
    assert_holds("old", "old");
    bl_file_writer_abort(&writer);
    assert_int_equal(test_folder_count(), 1);
    assert_holds("old", "old");
}

// A write that the system refuses halfway: the size limit stands for a full disk.
static void test_refused_write(void **state)
{
    (void)state;
    write_file("old", "old");
    struct rlimit limit, before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    static const char bytes[8192];
    bl_file_writer writer;
    bl_error error = {0};
    assert_int_equal(bl_file_writer_open(&writer, test_folder_file("old"), &error), BL_STATUS_OK);
    const bl_status status = bl_file_writer_write(&writer, bytes, sizeof bytes, &error);
    bl_file_writer_abort(&writer);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, BL_STATUS_IO);
    assert_non_null(strstr(error.text, "/old: cannot be written: File too large"));
    assert_holds("old", "old");
    assert_int_equal(test_folder_count(), 1);
}

static void test_commit_over_folder(void **state)
{
    (void)state;
    assert_int_equal(mkdir(test_folder_file("sub"), 0755), 0);
    bl_file_writer writer;
    bl_error error = {0};
    assert_int_equal(bl_file_writer_open(&writer, test_folder_file("sub"), &error), BL_STATUS_IO);
    assert_non_null(strstr(error.text, "found a folder"));
    bl_file_writer_abort(&writer);
    // The folder appears between open and commit: the rename fails, the temporary goes.
    bl_error_clear(&error);
    assert_int_equal(bl_file_writer_open(&writer, test_folder_file("late"), &error), BL_STATUS_OK);
    assert_int_equal(mkdir(test_folder_file("late"), 0755), 0);
    assert_int_equal(bl_file_writer_commit(&writer, &error), BL_STATUS_IO);
    assert_int_equal(test_folder_count(), 2);
}

static void test_writer_refuses(void **state)
{
    (void)state;
    bl_file_writer writer;
    bl_error error = {0};
    assert_int_equal(bl_file_writer_open(&writer, test_folder_file("no/such"), &error),
                     BL_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "/no/such: cannot be written: No such file"));
    bl_error_clear(&error);
    assert_int_equal(bl_file_writer_open(&writer, "/dev/null", &error), BL_STATUS_IO);
    assert_string_equal(error.text,
                        "/dev/null: found a device or pipe where a file is to be written");
    bl_error_clear(&error);
    assert_int_equal(bl_file_writer_open(&writer, "", &error), BL_STATUS_IO);
    assert_string_equal(error.text, ": the path is empty");
    static char longest[5000];
    memset(longest, 'a', sizeof longest - 1);
    bl_error_clear(&error);
    assert_int_equal(bl_file_writer_open(&writer, longest, &error), BL_STATUS_IO);
    assert_non_null(strstr(error.text, "the path is too long"));
    bl_file_writer_abort(&writer);
}

static void test_link_survives(void **state)
{
    (void)state;
    write_file("target", "old");
    char target[256];
    strcpy(target, test_folder_file("target"));
    assert_int_equal(symlink(target, test_folder_file("link")), 0);
    write_file("link", "new");
    struct stat facts;
    assert_int_equal(lstat(test_folder_file("link"), &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
    assert_holds("target", "new");
}

static void test_read_refuses(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    bl_error error = {0};
    assert_int_equal(bl_file_read(test_folder_file("none"), 10, &bytes, &size, &error),
                     BL_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "/none: cannot be opened: No such file or directory"));
    bl_error_clear(&error);
    assert_int_equal(bl_file_read(test_folder_path(), 10, &bytes, &size, &error), BL_STATUS_IO);
    assert_non_null(strstr(error.text, "found a folder, expected a file"));
    bl_error_clear(&error);
    assert_int_equal(mkfifo(test_folder_file("pipe"), 0600), 0); // must not wait for a writer
    assert_int_equal(bl_file_read(test_folder_file("pipe"), 10, &bytes, &size, &error),
                     BL_STATUS_IO);
    assert_non_null(strstr(error.text, "found a device or pipe, expected a file"));
    bl_error_clear(&error);
    write_file("eleven", "12345678901");
    assert_int_equal(bl_file_read(test_folder_file("eleven"), 10, &bytes, &size, &error),
                     BL_STATUS_LIMIT);
    assert_non_null(strstr(error.text, "found 11 bytes, expected at most 10"));
    assert_null(bytes);
    // Far over any memory, and over the limit: refused by its size alone.
    const int descriptor = open(test_folder_file("sparse"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(descriptor, (off_t)1 << 40), 0);
    close(descriptor);
    bl_error_clear(&error);
    assert_int_equal(bl_file_read(test_folder_file("sparse"), 1 << 20, &bytes, &size, &error),
                     BL_STATUS_LIMIT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_folder_make, test_folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_write_and_read), TEST(test_mode_follows_umask), TEST(test_abort_leaves_old_file),
        TEST(test_refused_write),  TEST(test_commit_over_folder), TEST(test_writer_refuses),
        TEST(test_link_survives),  TEST(test_read_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
