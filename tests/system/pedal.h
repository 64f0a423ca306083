// SPDX-License-Identifier: MIT
// A MIDI controller on the server, inside the test.

#ifndef TESTS_SYSTEM_PEDAL_H
#define TESTS_SYSTEM_PEDAL_H

#include <jack/jack.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct pedal {
    jack_client_t *client;
    jack_port_t *port;
    _Atomic uint32_t message; ///< test -> audio thread: bytes, first one lowest; 0: nothing
    _Atomic uint32_t flood;   ///< test -> audio thread: controller messages a second
    _Atomic uint64_t sent;    ///< audio thread -> test: messages of floods
    double owed;              ///< audio thread alone
} pedal;

/// Opens a client "pedal" with the port "out" on the server of the environment.
void pedal_open(pedal *p);
void pedal_close(pedal *p);

/// Sends one message of up to three bytes, in the next period. `size` 1..3.
void pedal_send(pedal *p, uint8_t status, uint8_t a, uint8_t b);

#endif
