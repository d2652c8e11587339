// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Usage: prober probes.bpf.o [NAME...]
 * Loads, attaches and triggers each program of the object alone and prints one line for it: its name, yes or no, and for a no why.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "variables.h"

#define COOKIE 0x77
#define TRACE_UPROBE_MULTI 48 /* attach type, since 6.6 */
#define FOLDER "/tmp/prober"

static char reason[256]; /* of the last no */
static char verifier_log[1 << 20];

/* The names of these two are in probes.bpf.c. */
__attribute__((noinline)) int function_to_probe(int number)
{
	asm volatile("" : "+r"(number));
	return number + 1;
}

/* A static tracepoint "prober:mark" of one argument, as sys/sdt.h would write it. */
static void mark(long argument)
{
	asm volatile("990:	nop\n"
		     "	.pushsection .note.stapsdt, \"\", \"note\"\n"
		     "	.balign 4\n"
		     "	.4byte 992f - 991f, 994f - 993f, 3\n"
		     "991:	.asciz \"stapsdt\"\n"
		     "992:	.balign 4\n"
		     "993:	.8byte 990b, _.stapsdt.base, 0\n"
		     "	.asciz \"prober\"\n"
		     "	.asciz \"mark\"\n"
		     "	.asciz \"-8@%0\"\n"
		     "994:	.balign 4\n"
		     "	.popsection\n"
		     "	.pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n"
		     "	.weak _.stapsdt.base\n"
		     "	.hidden _.stapsdt.base\n"
		     "_.stapsdt.base:	.space 1\n"
		     "	.size _.stapsdt.base, 1\n"
		     "	.popsection\n"
		     :
		     : "r"(argument));
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void because(const char *step, const char *detail)
{
	snprintf(reason, sizeof(reason), "%s: %s", step, detail);
	for (char *at = reason; *at; at++)
		if (*at == '\n')
			*at = ' ';
}

static int keep_quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* --- the trigger ------------------------------------------------------------------------------------------------------------------------ */

struct felt {
	int exec, open, mkdir; /* 0, the errno, or minus the signal */
};

enum child { EXEC_SECRET, MKDIR_SECRET, SLEEP };

static int fork_child(enum child kind)
{
	int pid = fork();

	if (pid)
		return pid;
	switch (kind) {
	case EXEC_SECRET:
		execl(FOLDER "/secret-program", "secret-program", NULL);
		_exit(errno);
	case MKDIR_SECRET:
		prctl(PR_SET_NAME, "secret");
		_exit(syscall(SYS_mkdir, FOLDER "/folder", 0711) ? errno : 0);
	case SLEEP:
		pause();
	}
	_exit(0);
}

static int ended(int pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static const char *unified_hierarchy(void)
{
	return access("/sys/fs/cgroup/cgroup.procs", F_OK) ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
}

static void move_into_new_cgroup(int pid)
{
	char path[128], procs[160];
	int fd;

	snprintf(path, sizeof(path), "%s/prober-%d", unified_hierarchy(), getpid());
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	if (mkdir(path, 0755))
		die(path);
	fd = open(procs, O_WRONLY);
	if (fd < 0 || dprintf(fd, "%d", pid) < 0)
		die(procs);
	close(fd);
	kill(pid, SIGKILL);
	ended(pid);
	while (rmdir(path) && errno == EBUSY)
		usleep(1000);
}

/* Everything that any probe waits for, once. */
static struct felt trigger(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct felt felt = {};
	int fd;

	felt.exec = ended(fork_child(EXEC_SECRET));
	felt.mkdir = ended(fork_child(MKDIR_SECRET));
	rmdir(FOLDER "/folder");
	if (!syscall(SYS_mkdir, FOLDER "/other-folder", 0711))
		rmdir(FOLDER "/other-folder");
	fd = open(FOLDER "/secret-file", O_RDONLY);
	felt.open = fd < 0 ? errno : 0;
	close(fd);
	close(open("/etc/passwd", O_RDONLY)); /* on the overlay file system, whose functions are a module's */
	function_to_probe(7);
	mark(11);
	getppid();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) && errno != ECONNREFUSED)
		because("connect", strerror(errno));
	close(fd);
	move_into_new_cgroup(fork_child(SLEEP));
	usleep(5000); /* for the timer of 1 ms */
	return felt;
}

static const char *effect_missing(const char *name, struct felt felt)
{
	if (begins(name, "deny_open"))
		return felt.open == EPERM ? NULL : "the file was opened";
	if (begins(name, "deny_exec"))
		return felt.exec == EPERM ? NULL : "the program was executed";
	if (begins(name, "deny_mkdir"))
		return felt.mkdir == EPERM ? NULL : "the folder was made";
	if (begins(name, "kill_exec"))
		return felt.exec == -SIGKILL ? NULL : "the program lived";
	if (begins(name, "kill_mkdir"))
		return felt.mkdir == -SIGKILL ? NULL : "the process lived";
	return NULL;
}

/* --- one probe -------------------------------------------------------------------------------------------------------------------------- */

static struct bpf_object *load(const char *file, const char *name)
{
	struct bpf_object *object = bpf_object__open_file(file, NULL);
	struct bpf_program *program;
	struct bpf_map *map;
	char *line;
	int result;

	if (!object)
		die(file);
	bpf_object__for_each_program(program, object) {
		bool mine = !strcmp(bpf_program__name(program), name);

		bpf_program__set_autoload(program, mine);
		if (mine)
			bpf_program__set_log_buf(program, verifier_log, sizeof(verifier_log));
		if (mine && !strcmp(name, "uprobe_multi"))
			bpf_program__set_expected_attach_type(program, TRACE_UPROBE_MULTI);
	}
	/* A kind of map that the kernel does not have fails those alone that use it. */
	bpf_object__for_each_map(map, object)
		if (libbpf_probe_bpf_map_type(bpf_map__type(map), NULL) == 0)
			bpf_map__set_autocreate(map, false);
	result = bpf_object__load(object);
	if (!result)
		return object;
	because("load", strerror(-result));
	for (line = strtok(verifier_log, "\n"); line; line = strtok(NULL, "\n"))
		if (!begins(line, "processed "))
			because("load", line);
	bpf_object__close(object);
	return NULL;
}

/* Later libbpf has a function for it; the one of Debian 12 has not. Returns the link's descriptor. */
static int attach_uprobe_multi(int program)
{
	struct {
		__u32 program, target, type, flags;
		const char *path;
		const unsigned long *offsets, *reference_offsets;
		const __u64 *cookies;
		__u32 count, uprobe_flags, pid, rest;
	} attributes = { .program = program, .type = TRACE_UPROBE_MULTI, .path = "/proc/self/exe", .count = 1 };
	unsigned long offset;
	__u64 cookie = COOKIE;
	Dl_info own;

	if (!dladdr(function_to_probe, &own))
		die("dladdr");
	offset = (unsigned long)function_to_probe - (unsigned long)own.dli_fbase; /* text is mapped at its place in the file */
	attributes.offsets = &offset;
	attributes.cookies = &cookie;
	return syscall(SYS_bpf, 28 /* BPF_LINK_CREATE */, &attributes, sizeof(attributes));
}

static bool attach(struct bpf_program *program, const char *name, struct bpf_link **link, int *link_fd)
{
	LIBBPF_OPTS(bpf_kprobe_opts, with_cookie, .bpf_cookie = COOKIE);

	if (!strcmp(name, "uprobe_multi")) {
		*link_fd = attach_uprobe_multi(bpf_program__fd(program));
		return *link_fd >= 0;
	}
	if (!strcmp(name, "kprobe_cookie"))
		*link = bpf_program__attach_kprobe_opts(program, "__x64_sys_mkdir", &with_cookie);
	else
		*link = bpf_program__attach(program);
	return *link;
}

static void put(struct bpf_object *object, const char *map, const void *key, size_t key_size, const void *value, size_t value_size)
{
	struct bpf_map *found = bpf_object__find_map_by_name(object, map);

	if (found && bpf_map__update_elem(found, key, key_size, value, value_size, 0))
		because(map, strerror(errno));
}

static void fill_maps(struct bpf_object *object, int program)
{
	struct { __u32 bits, address; } network = { 24, 0x0000007f };
	struct { __u32 bits; __u8 bytes[256]; } prefix = {};
	__u64 one = 1;
	__u32 zero = 0;

	put(object, "networks", &network, sizeof(network), &one, sizeof(one));
	put(object, "prefixes", &prefix, sizeof(prefix), &one, 1);
	bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "programs"), &zero, &program, 0); /* refused if it is of another kind */
}

static bool ask(const char *file, const char *name)
{
	struct bpf_object *object = load(file, name);
	struct bpf_link *link = NULL;
	struct variables variables = { .prober = getpid() };
	struct bpf_program *program;
	const char *missing;
	struct felt felt;
	int link_fd = -1;
	struct bpf_map *bss;
	__u32 zero = 0;

	if (!object)
		return false;
	program = bpf_object__find_program_by_name(object, name);
	bss = bpf_object__find_map_by_name(object, ".bss");
	if (bpf_map__update_elem(bss, &zero, sizeof(zero), &variables, sizeof(variables), 0))
		die(".bss");
	fill_maps(object, bpf_program__fd(program));
	if (!attach(program, name, &link, &link_fd)) {
		because("attach", strerror(errno));
		bpf_object__close(object);
		return false;
	}
	if (begins(bpf_program__section_name(program), "iter/")) {
		int iterator = bpf_iter_create(bpf_link__fd(link));
		char bytes[64];

		while (read(iterator, bytes, sizeof(bytes)) > 0)
			;
		close(iterator);
	}
	felt = trigger();
	if (bpf_map__lookup_elem(bss, &zero, sizeof(zero), &variables, sizeof(variables), 0))
		die(".bss");
	bpf_link__destroy(link);
	close(link_fd);
	bpf_object__close(object);
	missing = effect_missing(name, felt);
	if (!variables.hits)
		because("run", "it did not do its work");
	else if (missing)
		because("run", missing);
	return variables.hits && !missing;
}

static bool asked_for(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

int main(int count, char **arguments)
{
	struct bpf_object *object;
	struct bpf_program *program;

	if (count < 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(keep_quiet);
	if (system("mkdir -p " FOLDER " && cp /bin/true " FOLDER "/secret-program && echo secret > " FOLDER "/secret-file"))
		return 1;
	object = bpf_object__open_file(arguments[1], NULL);
	if (!object)
		die(arguments[1]);
	bpf_object__for_each_program(program, object) {
		const char *name = bpf_program__name(program);

		if (!asked_for(name, arguments + 2))
			continue;
		reason[0] = verifier_log[0] = 0;
		if (ask(arguments[1], name))
			printf("%s yes\n", name);
		else
			printf("%s no %s\n", name, reason);
	}
	bpf_object__close(object);
	return system("rm -r " FOLDER) ? 1 : 0;
}
