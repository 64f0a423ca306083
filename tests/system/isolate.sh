#!/bin/sh
# SPDX-License-Identifier: MIT
# isolate.sh COMMAND...: runs it with a /dev/shm of its own, so that its sound servers meet no others
# and share no metadata with them. Where the kernel does not allow that, it runs as it is: servers
# have names of their own anyway.

inner='mount -t tmpfs -o size=512m tmpfs /dev/shm && exec "$@"'
if unshare -m --propagation private true 2>/dev/null; then
    exec unshare -m --propagation private sh -c "$inner" isolate "$@"
elif unshare -rm --propagation private true 2>/dev/null; then
    exec unshare -rm --propagation private sh -c "$inner" isolate "$@"
fi
exec "$@"
