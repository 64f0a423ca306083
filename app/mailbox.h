// SPDX-License-Identifier: MIT
// A queue of messages to one thread that polls. Senders never wait for the receiver. For MAIN,
// LINK and LOADER among themselves; the audio thread has rings and slots instead.

#ifndef BACKLINE_APP_MAILBOX_H
#define BACKLINE_APP_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>

/// First member of every message.
typedef struct bl_mail {
    struct bl_mail *next;
} bl_mail;

typedef struct bl_mailbox {
    pthread_mutex_t lock; ///< held for a few instructions only
    bl_mail *first, *last;
    int wake_fd; ///< eventfd, readable while mail may wait
    bool owns_fd;
} bl_mailbox;

/// `wake_fd` is an eventfd to share, or -1 to make one. False if none can be made.
bool bl_mailbox_init(bl_mailbox *box, int wake_fd);

/// Gives all waiting mail to `destroy` and closes what init made.
void bl_mailbox_finish(bl_mailbox *box, void (*destroy)(bl_mail *mail));

/// Thread: any but RT. Owns: the mailbox, then the receiver.
void bl_mailbox_post(bl_mailbox *box, bl_mail *mail);

/// The oldest message or NULL. Thread: the receiver.
bl_mail *bl_mailbox_take(bl_mailbox *box);

/// Waits until mail may be there, at most `timeout_ms` (-1: for ever), and clears the eventfd.
/// Thread: the receiver.
void bl_mailbox_wait(bl_mailbox *box, int timeout_ms);

#endif
