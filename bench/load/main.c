/* Loads a server on 127.0.0.1, and prints what it saw as JSON.
 *
 * Usage: load mode=MODE kind=KIND port=N accounts=FILE [name=value …]
 *
 * The accounts are lines "id name token". Senders and receivers take them in turn, idle connections those after them.
 * A message is done when it was both acknowledged to its sender and delivered to its receiver.
 *
 *   mode=pump    every sender keeps `window` messages on their way                         senders window
 *   mode=rate    `rate` messages a second, sent on time whatever comes back; times count
 *                from when a message was due                                               senders rate
 *   mode=fanout  one message to `fan` connections of one user, `gap_ms` after the last
 *                one had the message before                                                fan gap_ms
 *   mode=open    opens `idle` connections, `at_once` at a time; with hold=1 keeps them
 *                until its standard input ends                                             idle at_once hold
 *   mode=ask     every connection makes the requests of a file in turn, one at a time      senders requests
 *
 * Everywhere: warm and seconds (how long, before and while it counts), idle (connections that are only there), pid
 * (processes of the server, with commas, whose share of a core is told), run (a name that makes client ids new).
 * With rate: side_rate requests of the file side_requests a second over side_connections HTTP connections.
 * A file of requests is a line with the size, then so many bytes, again and again.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load.h"
#include "samples.h"

#define STALL_US 10000000
#define SIDE_MAX 256

static const struct {
    const char *name;
    const Kind *sender, *receiver;
} kinds[] = {
    {"v2", &chatd_v2, &chatd_v2},
    {"classic", NULL, &chatd_classic},
    {"rest", &chatd_rest, &chatd_classic},
    {"socketio", &socketio, &socketio},
    {"mqtt", &mqtt_sender, &mqtt_receiver},
    {"xmpp", &xmpp_sender, &xmpp_receiver},
};

static struct {
    const char *mode, *kind, *accounts, *requests, *side_requests, *pid, *run;
    double rate, side_rate, warm, seconds;
    long port, senders, window, idle, at_once, fan, gap_ms, hold, side_connections;
} options = {
    .mode = "pump", .kind = "v2", .pid = "", .run = "run", .rate = 200, .warm = 1, .seconds = 5, .senders = 50,
    .window = 16, .at_once = 32, .fan = 10, .gap_ms = 20, .side_connections = 8,
};

typedef struct {
    const char *data;
    size_t size;
} Request;

typedef struct {
    Request *all;
    size_t count, next;
} Requests;

static const Kind *sender_kind, *receiver_kind;
static Account *accounts;
static size_t account_count;
static Pair *pairs;
static Requests requests, side_requests;
static Connection **side_free;
static size_t side_free_count, side_skipped;

static bool sends, counts;
static size_t opening, ready, sent, acked, delivered, done, lost, skipped, counted;
static uint64_t last_progress;
static Samples done_us, delivered_us, acked_us, asked_us, side_us;

/* Fan-out. */
static uint64_t fan_sent_at, fan_next_at;
static size_t fan_left;
static Samples first_us, last_us;

static void message_due(Pair *pair, uint64_t at)
{
    Slot *slot = &pair->slots[pair->next & pair->slots_mask];
    if (slot->is_open) {
        skipped++;
        return;
    }
    *slot = (Slot){.sent_at = at, .number = pair->next, .is_open = true};
    pair->outstanding++;
    sent++;
    pair->sender->kind->send(pair->sender, pair->next++);
}

static void pump(Pair *pair)
{
    while (sends && pair->outstanding < (uint32_t)options.window)
        message_due(pair, now_us());
}

static void finish(Pair *pair, Slot *slot, uint64_t now)
{
    slot->is_open = false;
    pair->outstanding--;
    done++;
    if (counts) {
        counted++;
        add_sample(&done_us, now - slot->sent_at);
    }
    if (!strcmp(options.mode, "pump"))
        pump(pair);
}

static Slot *find_slot(Connection *connection, uint32_t number, const char *what)
{
    Slot *slot = &connection->pair->slots[number & connection->pair->slots_mask];
    if (!slot->is_open || slot->number != number)
        fail("%s of message %u, which is not on its way", what, number);
    return slot;
}

void on_acked(Connection *connection, uint32_t number)
{
    if (!connection->pair || fan_sent_at)
        return;
    Slot *slot = find_slot(connection, number, "an acknowledgement");
    if (slot->is_acked)
        fail("message %u was acknowledged twice", number);
    slot->is_acked = true;
    acked++;
    last_progress = now_us();
    if (counts)
        add_sample(&acked_us, last_progress - slot->sent_at);
    if (slot->is_delivered)
        finish(connection->pair, slot, last_progress);
}

void on_delivered(Connection *connection, uint32_t number)
{
    uint64_t now = now_us();
    if (fan_left) {
        if (fan_left == (size_t)options.fan)
            add_sample(&first_us, now - fan_sent_at);
        if (!--fan_left) {
            add_sample(&last_us, now - fan_sent_at);
            counted++;
            fan_next_at = now + (uint64_t)options.gap_ms * 1000;
        }
        last_progress = now;
        return;
    }
    if (!connection->pair)
        return;
    Slot *slot = find_slot(connection, number, "a delivery");
    if (slot->is_delivered)
        fail("message %u was delivered twice", number);
    slot->is_delivered = true;
    delivered++;
    last_progress = now;
    if (counts)
        add_sample(&delivered_us, now - slot->sent_at);
    if (slot->is_acked)
        finish(connection->pair, slot, now);
}

void on_ready(Connection *connection)
{
    connection->is_ready = true;
    opening--;
    ready++;
    last_progress = now_us();
}

static void ask(Connection *connection, Requests *from, uint64_t at)
{
    const Request *request = &from->all[from->next++ % from->count];
    connection->asked_at = at;
    connection->kind->ask(connection, request->data, request->size);
}

void on_answered(Connection *connection, bool is_good)
{
    (void)is_good;
    uint64_t now = now_us(), took = now - connection->asked_at;
    last_progress = now;
    connection->asked_at = 0;
    if (side_free) {
        if (counts)
            add_sample(&side_us, took);
        side_free[side_free_count++] = connection;
        return;
    }
    if (counts) {
        counted++;
        add_sample(&asked_us, took);
    }
    if (sends)
        ask(connection, &requests, now);
}

/* Lets everything go on, for so long at the most. */
static void turn(int64_t us)
{
    flush_all();
    wait_for_events(us > 0 ? us * 1000 : 0);
    flush_all();
    if ((opening || done < sent || fan_left) && now_us() - last_progress > STALL_US)
        fail("nothing has come for %d s: %zu opening, %zu sent, %zu acknowledged, %zu delivered", STALL_US / 1000000,
             opening, sent, acked, delivered);
}

static Connection *open_soon(const Kind *kind, size_t account)
{
    while (opening >= (size_t)options.at_once)
        turn(100000);
    if (account >= account_count)
        fail("there are only %zu accounts", account_count);
    opening++;
    last_progress = now_us();
    return open_connection(kind, &accounts[account]);
}

static void until_ready(void)
{
    while (opening)
        turn(100000);
}

static void open_idle(size_t first_account)
{
    if (options.idle && account_count <= first_account)
        fail("there are no accounts for idle connections");
    for (long at = 0; at < options.idle; at++)
        open_soon(receiver_kind, first_account + (size_t)at % (account_count - first_account));
    until_ready();
}

static void open_pairs(void)
{
    uint32_t slots = 64;
    while (slots < (uint32_t)options.window)
        slots *= 2;
    pairs = calloc((size_t)options.senders, sizeof *pairs);
    for (size_t at = 0; at < (size_t)options.senders; at++) {
        Pair *pair = &pairs[at];
        pair->slots = calloc(slots, sizeof *pair->slots);
        pair->slots_mask = slots - 1;
        pair->next = 1;
        pair->receiver = open_soon(receiver_kind, at * 2 + 1);
        pair->sender = open_soon(sender_kind, at * 2);
        pair->receiver->pair = pair->sender->pair = pair;
    }
    until_ready();
}

/* Reading what is there to read. */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail("cannot read %s", path);
    Buffer buffer = {0};
    char part[65536];
    size_t got;
    while ((got = fread(part, 1, sizeof part, file)))
        put(&buffer, part, got);
    fclose(file);
    put(&buffer, "", 1);
    return buffer.data;
}

static void read_accounts(const char *path)
{
    size_t room = 0;
    for (char *line = strtok(read_file(path), "\n"); line; line = strtok(NULL, "\n")) {
        if (account_count == room) {
            room = room ? room * 2 : 1024;
            accounts = realloc(accounts, room * sizeof *accounts);
        }
        Account *account = &accounts[account_count++];
        account->id = strsep(&line, " ");
        account->name = strsep(&line, " ");
        account->token = line;
        if (!account->token)
            fail("an account is a line of id, name and token");
    }
}

static void read_requests(const char *path, Requests *into)
{
    char *data = read_file(path), *end = data;
    while (*end) {
        size_t size = strtoul(end, &data, 10);
        if (data == end || *data != '\n')
            fail("%s: a request begins with its size", path);
        into->all = realloc(into->all, (into->count + 1) * sizeof *into->all);
        into->all[into->count++] = (Request){data + 1, size};
        end = data + 1 + size;
    }
    if (!into->count)
        fail("%s: there are no requests", path);
}

/* Shares of a core. */

static double own_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double server_seconds(void)
{
    double total = 0;
    for (const char *pid = options.pid; *pid; pid += strcspn(pid, ","), pid += *pid == ',') {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/stat", atoi(pid));
        char *text = read_file(path), *name_end = strrchr(text, ')');
        unsigned long user = 0, system = 0;
        if (!name_end || sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
            fail("cannot read %s", path);
        total += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
        free(text);
    }
    return total;
}

static uint64_t began;
static double began_own, began_server, took, own_share, server_share;

static void begin_counting(void)
{
    counts = true;
    began = now_us();
    began_own = own_seconds();
    began_server = server_seconds();
}

static void end_counting(void)
{
    took = (double)(now_us() - began) / 1e6;
    own_share = (own_seconds() - began_own) / took;
    server_share = (server_seconds() - began_server) / took;
    counts = sends = false;
}

static void drain(void)
{
    uint64_t until = now_us() + 5000000;
    while (done < sent && now_us() < until)
        turn(100000);
    lost = sent - done;
}

static void keep_on(uint64_t until)
{
    for (uint64_t now; (now = now_us()) < until;)
        turn((int64_t)(until - now));
}

/* The modes. */

static uint64_t after(double seconds)
{
    return now_us() + (uint64_t)(seconds * 1e6);
}

static void run_pump(void)
{
    open_pairs();
    open_idle((size_t)options.senders * 2);
    sends = true;
    for (long at = 0; at < options.senders; at++)
        pump(&pairs[at]);
    keep_on(after(options.warm));
    begin_counting();
    keep_on(after(options.seconds));
    end_counting();
    drain();
}

static void open_side(void)
{
    if (!options.side_rate)
        return;
    if (options.side_connections > SIDE_MAX)
        fail("at most %d side_connections", SIDE_MAX);
    read_requests(options.side_requests, &side_requests);
    Connection **all = calloc(SIDE_MAX, sizeof *all);
    for (long at = 0; at < options.side_connections; at++)
        all[side_free_count++] = open_soon(&chatd_rest, 0);
    side_free = all;
}

/* Takes them in turn: a server ends connections that ask for nothing. */
static Connection *longest_free(void)
{
    Connection *first = side_free[0];
    memmove(side_free, side_free + 1, --side_free_count * sizeof *side_free);
    return first;
}

static void run_rate(void)
{
    open_pairs();
    open_idle((size_t)options.senders * 2);
    open_side();
    uint64_t start = now_us(), count_from = start + (uint64_t)(options.warm * 1e6),
             end = count_from + (uint64_t)(options.seconds * 1e6);
    uint64_t number = 0, side_number = 0, now;
    while ((now = now_us()) < end) {
        if (!counts && now >= count_from)
            begin_counting();
        uint64_t due = start + (uint64_t)((double)number / options.rate * 1e6), next = due;
        if (due <= now) {
            message_due(&pairs[number++ % (uint64_t)options.senders], due);
            next = now;
        }
        if (options.side_rate) {
            due = start + (uint64_t)((double)side_number / options.side_rate * 1e6);
            if (due <= now) {
                side_number++;
                if (side_free_count)
                    ask(longest_free(), &side_requests, due);
                else
                    side_skipped++;
                next = now;
            } else if (due < next) {
                next = due;
            }
        }
        turn((int64_t)(next < end ? next - now : end - now));
    }
    end_counting();
    drain();
}

static void run_fanout(void)
{
    pairs = calloc(1, sizeof *pairs);
    for (long at = 0; at < options.fan; at++) {
        Connection *receiver = open_soon(receiver_kind, 1);
        receiver->pair = pairs;
        pairs->receiver = receiver;
    }
    pairs->sender = open_soon(sender_kind, 0);
    pairs->sender->pair = pairs;
    until_ready();
    open_idle(2);
    bool was_warm = false;
    uint64_t count_from = after(options.warm), end = count_from + (uint64_t)(options.seconds * 1e6), now;
    while ((now = now_us()) < end || fan_left) {
        if (!was_warm && now >= count_from && !fan_left) {
            was_warm = true;
            first_us.count = last_us.count = counted = 0;
            begin_counting();
        }
        if (!fan_left && now >= fan_next_at) {
            fan_left = (size_t)options.fan;
            fan_sent_at = last_progress = now;
            pairs->sender->kind->send(pairs->sender, ++pairs->next);
        }
        turn(fan_left ? 100000 : (int64_t)(fan_next_at - now));
    }
    end_counting();
}

static void run_open(void)
{
    if (!account_count)
        fail("there are no accounts");
    begin_counting();
    open_idle(0);
    end_counting();
    counted = ready;
}

static void hold(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        turn(50000);
        char byte;
        if (poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
            return;
    }
}

static void run_ask(void)
{
    read_requests(options.requests, &requests);
    Connection **all = calloc((size_t)options.senders, sizeof *all);
    for (size_t at = 0; at < (size_t)options.senders; at++)
        all[at] = open_soon(sender_kind, at % account_count);
    until_ready();
    sends = true;
    for (long at = 0; at < options.senders; at++)
        ask(all[at], &requests, now_us());
    keep_on(after(options.warm));
    begin_counting();
    keep_on(after(options.seconds));
    end_counting();
}

static void set_option(const char *argument)
{
    const struct {
        const char *name;
        const char **text;
        double *number;
        long *whole;
    } known[] = {
        {"mode", &options.mode, NULL, NULL},
        {"kind", &options.kind, NULL, NULL},
        {"accounts", &options.accounts, NULL, NULL},
        {"requests", &options.requests, NULL, NULL},
        {"side_requests", &options.side_requests, NULL, NULL},
        {"pid", &options.pid, NULL, NULL},
        {"run", &options.run, NULL, NULL},
        {"rate", NULL, &options.rate, NULL},
        {"side_rate", NULL, &options.side_rate, NULL},
        {"warm", NULL, &options.warm, NULL},
        {"seconds", NULL, &options.seconds, NULL},
        {"port", NULL, NULL, &options.port},
        {"senders", NULL, NULL, &options.senders},
        {"window", NULL, NULL, &options.window},
        {"idle", NULL, NULL, &options.idle},
        {"at_once", NULL, NULL, &options.at_once},
        {"fan", NULL, NULL, &options.fan},
        {"gap_ms", NULL, NULL, &options.gap_ms},
        {"hold", NULL, NULL, &options.hold},
        {"side_connections", NULL, NULL, &options.side_connections},
    };
    const char *value = strchr(argument, '=');
    for (size_t at = 0; value && at < sizeof known / sizeof *known; at++) {
        if (strlen(known[at].name) != (size_t)(value - argument) || strncmp(argument, known[at].name, strlen(known[at].name)))
            continue;
        if (known[at].text)
            *known[at].text = value + 1;
        else if (known[at].number)
            *known[at].number = atof(value + 1);
        else
            *known[at].whole = atol(value + 1);
        return;
    }
    fail("unknown: %s", argument);
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } modes[] = {{"pump", run_pump}, {"rate", run_rate}, {"fanout", run_fanout}, {"open", run_open}, {"ask", run_ask}};
    signal(SIGPIPE, SIG_IGN);
    for (int at = 1; at < count; at++)
        set_option(arguments[at]);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    port = (int)options.port;
    run_name = options.run;
    if (!options.accounts || port <= 0 || options.senders < 1 || options.window < 1 || options.fan < 1)
        fail("accounts and port are needed, and positive numbers");
    for (size_t at = 0; at < sizeof kinds / sizeof *kinds; at++)
        if (!strcmp(kinds[at].name, options.kind)) {
            sender_kind = kinds[at].sender;
            receiver_kind = kinds[at].receiver;
        }
    if (!receiver_kind)
        fail("unknown kind: %s", options.kind);
    if (sender_kind == &chatd_rest)
        options.window = 1;
    read_accounts(options.accounts);
    for (size_t at = 0; at < sizeof modes / sizeof *modes; at++)
        if (!strcmp(modes[at].name, options.mode)) {
            modes[at].run();
            printf("{\"seconds\": %.3f, \"count\": %zu, \"rate\": %.1f, \"generator_cpu\": %.3f, \"server_cpu\": %.3f, "
                   "\"sent\": %zu, \"acked\": %zu, \"delivered\": %zu, \"lost\": %zu, \"skipped\": %zu, "
                   "\"side_skipped\": %zu, \"ready\": %zu",
                   took, counted, (double)counted / took, own_share, server_share, sent, acked, delivered, lost, skipped,
                   side_skipped, ready);
            print_samples("done_us", &done_us);
            print_samples("delivered_us", &delivered_us);
            print_samples("acked_us", &acked_us);
            print_samples("asked_us", &asked_us);
            print_samples("side_us", &side_us);
            print_samples("first_us", &first_us);
            print_samples("last_us", &last_us);
            puts("}");
            fflush(stdout);
            if (options.hold)
                hold();
            return 0;
        }
    fail("unknown mode: %s", options.mode);
}
