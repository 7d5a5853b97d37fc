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
 *   mode=room    `rooms` groups with `members` accounts each, of which the first `fan` are
 *                connected; the first `senders` of these keep `window` messages on their
 *                way, each done when it is acknowledged and the others have it           rooms members fan senders window
 *   mode=open    opens `idle` connections, `at_once` at a time; with hold=1 keeps them
 *                until its standard input ends                                             idle at_once hold
 *   mode=ask     every connection makes the requests of a file in turn, one at a time      senders requests
 *
 * With other_port the two of a pair are at two processes of one server: the first of them at port and at other_port in
 * turn, the second at the other one.
 * Everywhere: warm and seconds (how long, before and while it counts), idle (connections that are only there), pid
 * (processes of the server, with commas, whose share of a core is told), run (a name that makes client ids new).
 * With rate: side_rate requests of the file side_requests a second over side_connections HTTP connections.
 * A file of requests is a line with the size, then so many bytes, again and again.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "run.h"

const Kind *sender_kind, *receiver_kind;

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

Options options = {
    .mode = "pump", .kind = "v2", .pid = "", .run = "run", .rate = 200, .warm = 1, .seconds = 5, .senders = 50,
    .window = 16, .at_once = 32, .fan = 10, .gap_ms = 20, .side_connections = 8,
};

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
        {"other_port", NULL, NULL, &options.other_port},
        {"senders", NULL, NULL, &options.senders},
        {"window", NULL, NULL, &options.window},
        {"idle", NULL, NULL, &options.idle},
        {"at_once", NULL, NULL, &options.at_once},
        {"fan", NULL, NULL, &options.fan},
        {"gap_ms", NULL, NULL, &options.gap_ms},
        {"hold", NULL, NULL, &options.hold},
        {"rooms", NULL, NULL, &options.rooms},
        {"members", NULL, NULL, &options.members},
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
    } modes[] = {{"pump", run_pump}, {"rate", run_rate}, {"fanout", run_fanout}, {"open", run_open}, {"ask", run_ask},
                 {"room", run_room}};
    signal(SIGPIPE, SIG_IGN);
    for (int at = 1; at < count; at++)
        set_option(arguments[at]);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (!options.other_port)
        options.other_port = options.port;
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
                   "\"side_skipped\": %zu, \"ready\": %zu, \"copies\": %zu",
                   took, counted, (double)counted / took, own_share, server_share, sent, acked, delivered, lost, skipped,
                   side_skipped, ready, copies);
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
