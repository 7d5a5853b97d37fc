/* Socket.IO 5 over Engine.IO 4, by WebSocket alone. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "load.h"

enum { HANDSHAKE, TALKING };

static void open_socketio(Connection *connection)
{
    put_text(&connection->out,
             "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
             port);
}

static void hear(Connection *connection, const char *text, size_t size)
{
    uint32_t number;
    if (starts_with(text, size, "42")) {
        if (find_number(text, size, &number))
            on_delivered(connection, number);
    } else if (starts_with(text, size, "43")) {
        if (memmem(text, size, "\"error\"", 7))
            fail("%.*s", (int)size, text);
        if (find_after(text, size, "43", &number))
            on_acked(connection, number);
    } else if (starts_with(text, size, "40")) {
        on_ready(connection);
    } else if (starts_with(text, size, "0")) {
        char frame[256];
        int length = snprintf(frame, sizeof frame, "40{\"token\":\"%s\",\"room\":%u}", connection->account->id,
                              connection->room);
        put_frame(connection, frame, (size_t)length);
    } else if (starts_with(text, size, "2")) {
        put_frame(connection, "3", 1);
    } else {
        fail("Socket.IO: %.*s", (int)size, text);
    }
}

static size_t take(Connection *connection, char *data, size_t size)
{
    size_t taken = 0;
    if (connection->stage == HANDSHAKE) {
        if (!(taken = upgraded(data, size)))
            return 0;
        connection->stage = TALKING;
    }
    return taken + take_frames(connection, data + taken, size - taken, hear);
}

static void send_message(Connection *connection, uint32_t number)
{
    char frame[512];
    int size = snprintf(frame, sizeof frame, "42%u[\"send\",{\"%s\":%s,\"content\":\"%s\"}]", number,
                        connection->room ? "room" : "to", receiver_id(connection), content(number));
    put_frame(connection, frame, (size_t)size);
}

const Kind socketio = {"Socket.IO", open_socketio, take, send_message, NULL};
