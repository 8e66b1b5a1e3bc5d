// A door with nothing in it that a door needs: the least that a program can do between a key and the strike on the
// kernel's GPIO interface (linux/gpio.h, version 2). It is the physical limit that bench/vm/run --side measures against.
//
//   bare CHIP CODE PORT REQUEST     the chip's device; the one code; where and what to send when the bell rings
//
// At rest all rows are low and it sleeps in poll until a column's edge. Then it scans the rows one at a time, every 5 ms,
// until a key has been down or up for 15 ms. The rows are open drain, so one call lets one go and drives the next.
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 4, COLS = 3, ALL = (1 << ROWS) - 1, ms = 1000000, SETTLE = 20000, SCAN = 5 * ms, DEBOUNCE = 15 * ms, PULSE = 500 * ms };
static const unsigned rows[] = {5, 6, 13, 19}, cols[] = {16, 20, 21}, bell = 26, strike = 17;
static const char keys[] = "123456789*0#";
static int chip, row_fd, col_fd, bell_fd, strike_fd;

static int request(const unsigned *lines, int n, __u64 flags) { // outputs begin low
	struct gpio_v2_line_request r = {.num_lines = n, .config.flags = flags, .consumer = "bare"};
	memcpy(r.offsets, lines, n * sizeof *lines);
	if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &r) || fcntl(r.fd, F_SETFL, O_NONBLOCK))
		err(1, "request line %u", lines[0]);
	return r.fd;
}

static void set(int fd, __u64 bits, __u64 mask) {
	struct gpio_v2_line_values v = {bits, mask};
	if (ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &v))
		err(1, "set");
}

static unsigned low_columns(void) {
	struct gpio_v2_line_values v = {0, (1 << COLS) - 1};
	if (ioctl(col_fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &v))
		err(1, "read");
	return ~v.bits & v.mask;
}

static long long now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void drive(unsigned low) { // these rows low, the others let go, and the columns settled
	static unsigned is = ALL;
	set(row_fd, ~low, is ^ low);
	is = low;
	for (long long end = now() + SETTLE; now() < end;)
		;
}

static char scan(void) { // the first key that is down, or 0
	char key = 0;
	for (int r = 0; r < ROWS; r++) {
		drive(1 << r);
		unsigned low = low_columns();
		if (low && !key)
			key = keys[r * COLS + __builtin_ctz(low)];
	}
	return key;
}

static void ring(int port, const char *text) {
	struct sockaddr_in to = {AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}};
	char answer[4096];
	int s = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(s, (void *)&to, sizeof to) || write(s, text, strlen(text)) < 0)
		warn("send");
	while (read(s, answer, sizeof answer) > 0)
		;
	close(s);
}

int main(int argc, char **argv) {
	if (argc != 5 || (chip = open(argv[1], O_RDWR)) < 0)
		err(2, "bare CHIP CODE PORT REQUEST");
	const char *code = argv[2];
	strike_fd = request(&strike, 1, GPIO_V2_LINE_FLAG_OUTPUT);
	row_fd = request(rows, ROWS, GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_OPEN_DRAIN | GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
	col_fd = request(cols, COLS, GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_BIAS_PULL_UP | GPIO_V2_LINE_FLAG_EDGE_FALLING);
	bell_fd = request(&bell, 1, GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_BIAS_PULL_UP | GPIO_V2_LINE_FLAG_EDGE_FALLING);
	prctl(PR_SET_TIMERSLACK, 1);

	struct gpio_v2_line_event e;
	char typed[16] = "", seen = 0, held = 0; // seen by the last scan; held: for the debounce time
	long long since = 0, next = 0, lock = 0; // seen since; when to scan, when to lock: 0: not due
	for (;;) {
		long long at = now(), due = !next || lock && lock < next ? lock : next, wait = due > at ? due - at : 0;
		struct timespec t = {wait / 1000000000, wait % 1000000000};
		struct pollfd p[] = {{bell_fd, POLLIN}, {next ? -1 : col_fd, POLLIN}};
		ppoll(p, 2, due ? &t : NULL, NULL);
		at = now();
		if (lock && at >= lock)
			set(strike_fd, lock = 0, 1);
		if (p[0].revents && read(bell_fd, &e, sizeof e) > 0)
			ring(atoi(argv[3]), argv[4]);
		if (next ? at < next : !p[1].revents)
			continue;
		next = next && at < next + SCAN ? next + SCAN : at + SCAN;
		char key = scan();
		if (key != seen)
			seen = key, since = at;
		if (seen != held && at - since >= DEBOUNCE) {
			held = seen;
			size_t n = strlen(typed);
			if (held == '#') {
				if (!strcmp(typed, code))
					set(strike_fd, 1, 1), lock = now() + PULSE;
				typed[0] = 0;
			} else if (held && n < sizeof typed - 1)
				typed[n] = held, typed[n + 1] = 0;
		}
		if (seen || held)
			continue;
		drive(ALL);
		while (read(col_fd, &e, sizeof e) > 0)
			;
		if (!low_columns())
			next = 0;
	}
}
