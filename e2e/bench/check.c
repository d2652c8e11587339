// SPDX-License-Identifier: Apache-2.0
/*
 *   check PROGRAM <EVENTS
 *
 * Reads the agent's lines and holds starts of PROGRAM against its ends, by exec_id. At the end: "STARTS ENDS OPEN TWICE STRAY", where OPEN started and did
 * not end, TWICE started twice, and STRAY ended without a start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (1 << 20) /* of ids that are open at one time; a power of two */
#define ID_BYTES 96

static char open_ids[SLOTS][ID_BYTES]; /* open addressing; empty: free */

static size_t place(const char *id)
{
	size_t hash = 14695981039346656037UL;

	for (const char *at = id; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211UL;
	for (hash &= SLOTS - 1; *open_ids[hash] && strcmp(open_ids[hash], id); hash = (hash + 1) & (SLOTS - 1))
		;
	return hash;
}

/* Moves up what comes behind, so that no look-up ends too early. */
static void take_out(size_t hole)
{
	for (size_t at = (hole + 1) & (SLOTS - 1); *open_ids[at]; at = (at + 1) & (SLOTS - 1)) {
		char id[ID_BYTES];

		strcpy(id, open_ids[at]);
		*open_ids[at] = 0;
		strcpy(open_ids[place(id)], id);
	}
}

static int value(const char *line, const char *name, char *into, size_t size)
{
	const char *at = strstr(line, name), *end;

	if (!at)
		return 0;
	at += strlen(name);
	end = strchr(at, '"');
	if (!end || (size_t)(end - at) >= size)
		return 0;
	memcpy(into, at, end - at);
	into[end - at] = 0;
	return 1;
}

int main(int count, char **words)
{
	long starts = 0, ends = 0, open = 0, twice = 0, stray = 0;
	char *line = NULL, id[ID_BYTES], binary[4096];
	size_t room = 0, at;

	if (count != 2)
		return 2;
	while (getline(&line, &room, stdin) > 0) {
		int start = !strncmp(line, "{\"process_exec\"", 15), end = !strncmp(line, "{\"process_exit\"", 15);

		/* The process comes before its parent. */
		if ((!start && !end) || !value(line, "\"binary\":\"", binary, sizeof(binary)) || strcmp(binary, words[1]) ||
		    !value(line, "\"exec_id\":\"", id, sizeof(id)))
			continue;
		at = place(id);
		if (start) {
			starts++;
			twice += *open_ids[at] != 0;
			open += !*open_ids[at];
			strcpy(open_ids[at], id);
		} else {
			ends++;
			if (*open_ids[at]) {
				*open_ids[at] = 0;
				take_out(at);
				open--;
			} else {
				stray++;
			}
		}
	}
	printf("%ld %ld %ld %ld %ld\n", starts, ends, open, twice, stray);
	return 0;
}
