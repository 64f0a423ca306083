// SPDX-License-Identifier: MIT
// A mutex, a list, an eventfd.

#include "mailbox.h"

#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool bl_mailbox_init(bl_mailbox *box, int wake_fd)
{
    memset(box, 0, sizeof *box);
    box->owns_fd = wake_fd < 0;
    box->wake_fd = wake_fd < 0 ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : wake_fd;
    pthread_mutex_init(&box->lock, NULL);
    return box->wake_fd >= 0;
}

void bl_mailbox_finish(bl_mailbox *box, void (*destroy)(bl_mail *mail))
{
    for (bl_mail *mail = bl_mailbox_take(box); mail != NULL; mail = bl_mailbox_take(box)) {
        destroy(mail);
    }
    if (box->owns_fd && box->wake_fd >= 0) {
        close(box->wake_fd);
    }
    pthread_mutex_destroy(&box->lock);
}

void bl_mailbox_post(bl_mailbox *box, bl_mail *mail)
{
    mail->next = NULL;
    pthread_mutex_lock(&box->lock);
    if (box->last != NULL) {
        box->last->next = mail;
    } else {
        box->first = mail;
    }
    box->last = mail;
    pthread_mutex_unlock(&box->lock);
    const uint64_t one = 1;
    const ssize_t written = write(box->wake_fd, &one, sizeof one); // full: awake already
    (void)written;
}

bl_mail *bl_mailbox_take(bl_mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    bl_mail *mail = box->first;
    if (mail != NULL) {
        box->first = mail->next;
        if (box->first == NULL) {
            box->last = NULL;
        }
    }
    pthread_mutex_unlock(&box->lock);
    return mail;
}

void bl_mailbox_wait(bl_mailbox *box, int timeout_ms)
{
    struct pollfd wait = {box->wake_fd, POLLIN, 0};
    if (poll(&wait, 1, timeout_ms) > 0) {
        uint64_t count = 0;
        const ssize_t got = read(box->wake_fd, &count, sizeof count);
        (void)got;
    }
}
