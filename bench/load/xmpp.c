/* XMPP from client to server (RFC 6120), unencrypted on the loopback, acknowledged by stream management (XEP-0198). */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "load.h"

#define DOMAIN "localhost"

enum { CONNECTING, AUTHENTICATING, BINDING, ANNOUNCING, ENABLING, TALKING };

extern const Kind xmpp_receiver;

static void open_stream(Connection *connection)
{
    put_text(&connection->out, "<?xml version='1.0'?><stream:stream to='" DOMAIN "' version='1.0' "
                               "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
    flush_later(connection);
}

static void put_base64(Buffer *buffer, const char *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < size; at += 3) {
        uint32_t three = 0;
        for (size_t part = 0; part < 3; part++)
            three = three << 8 | (at + part < size ? (uint8_t)data[at + part] : 0);
        for (size_t digit = 0; digit < 4; digit++) {
            bool is_missing = at + digit > size;
            put(buffer, is_missing ? "=" : &digits[three >> (18 - 6 * digit) & 63], 1);
        }
    }
}

static void authenticate(Connection *connection)
{
    char plain[256];
    int size = snprintf(plain, sizeof plain, "%c%s%c%s", 0, connection->account->name, 0, connection->account->token);
    put_text(&connection->out, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>");
    put_base64(&connection->out, plain, (size_t)size);
    put_text(&connection->out, "</auth>");
    flush_later(connection);
}

/* What begins a conversation comes in steps. */
static void get_on(Connection *connection, const char *stanza, size_t size)
{
    Buffer *out = &connection->out;
    if (connection->stage == CONNECTING && starts_with(stanza, size, "<stream:features")) {
        authenticate(connection);
        connection->stage = AUTHENTICATING;
    } else if (connection->stage == AUTHENTICATING && starts_with(stanza, size, "<success")) {
        open_stream(connection);
        connection->stage = BINDING;
    } else if (connection->stage == BINDING && starts_with(stanza, size, "<stream:features")) {
        put_text(out, "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        connection->stage = ANNOUNCING;
    } else if (connection->stage == ANNOUNCING && starts_with(stanza, size, "<iq")) {
        if (!memmem(stanza, size, "<jid>", 5))
            fail("XMPP: %.*s", (int)size, stanza);
        if (connection->kind == &xmpp_receiver) {
            put_text(out, "<presence/><iq type='get' id='ping' to='" DOMAIN "'><ping xmlns='urn:xmpp:ping'/></iq>");
        } else {
            put_text(out, "<enable xmlns='urn:xmpp:sm:3'/>");
        }
        connection->stage = ENABLING;
    } else if (connection->stage == ENABLING &&
               (starts_with(stanza, size, "<iq") || starts_with(stanza, size, "<enabled"))) {
        connection->stage = TALKING;
        on_ready(connection);
    } else if (starts_with(stanza, size, "<failure") || starts_with(stanza, size, "<failed")) {
        fail("XMPP: %.*s", (int)size, stanza);
    }
    flush_later(connection);
}

static void hear(Connection *connection, const char *stanza, size_t size)
{
    uint32_t number;
    if (starts_with(stanza, size, "<stream:error"))
        fail("XMPP: %.*s", (int)size, stanza);
    if (starts_with(stanza, size, "<message")) {
        if (memmem(stanza, size, "type='error'", 12))
            fail("XMPP: %.*s", (int)size, stanza);
        connection->handled++;
        if (find_number(stanza, size, &number))
            on_delivered(connection, number);
    } else if (starts_with(stanza, size, "<a ")) {
        if (!find_after(stanza, size, "h='", &number) && !find_after(stanza, size, "h=\"", &number))
            fail("XMPP: %.*s", (int)size, stanza);
        while (connection->pending < number) /* the first message is stanza 1 */
            on_acked(connection, ++connection->pending);
    } else if (starts_with(stanza, size, "<r ") || starts_with(stanza, size, "<r/")) {
        put_text(&connection->out, "<a xmlns='urn:xmpp:sm:3' h='%u'/>", connection->handled);
        flush_later(connection);
    } else if (connection->stage != TALKING) {
        get_on(connection, stanza, size);
    }
}

/* Returns the size of the tag at the beginning, 0 while its end is missing. */
static size_t tag_size(const char *data, size_t size)
{
    char quote = 0;
    for (size_t at = 1; at < size; at++) {
        if (quote) {
            if (data[at] == quote)
                quote = 0;
        } else if (data[at] == '\'' || data[at] == '"') {
            quote = data[at];
        } else if (data[at] == '>') {
            return at + 1;
        }
    }
    return 0;
}

/* Returns the size of the element at the beginning, 0 while its end is missing. */
static size_t element_size(const char *data, size_t size)
{
    size_t at = 0;
    int depth = 0;
    for (;;) {
        const char *open = memchr(data + at, '<', size - at);
        if (!open)
            return 0;
        at = (size_t)(open - data);
        size_t tag = tag_size(open, size - at);
        if (!tag)
            return 0;
        if (open[1] == '/')
            depth--;
        else if (open[tag - 2] != '/')
            depth++;
        at += tag;
        if (!depth)
            return at;
    }
}

static size_t take(Connection *connection, char *data, size_t size)
{
    size_t taken = 0, one;
    while (taken < size) {
        char *unit = data + taken;
        size_t left = size - taken;
        if (*unit != '<') {
            taken++;
            continue;
        }
        if (starts_with(unit, left, "</stream:stream"))
            fail("XMPP: the server has ended the stream");
        if (left < 8)
            break;
        if (starts_with(unit, left, "<?xml") || starts_with(unit, left, "<stream:stream")) {
            if (!(one = tag_size(unit, left)))
                break;
        } else if (left < 16 && !memcmp(unit, "<stream:", 8)) {
            break; /* features or the stream: too short to tell */
        } else {
            if (!(one = element_size(unit, left)))
                break;
            hear(connection, unit, one);
        }
        taken += one;
    }
    return taken;
}

static void send_message(Connection *connection, uint32_t number)
{
    put_text(&connection->out,
             "<message to='%s@" DOMAIN "' type='chat' id='%u'><body>%s</body></message><r xmlns='urn:xmpp:sm:3'/>",
             connection->pair->receiver->account->name, number, content(number));
    flush_later(connection);
}

const Kind xmpp_sender = {"XMPP", open_stream, take, send_message, NULL};
const Kind xmpp_receiver = {"XMPP", open_stream, take, NULL, NULL};
