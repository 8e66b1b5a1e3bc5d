"""The door as one would write it in an evening, with Debian's python3-libgpiod: look at every row and the bell in turn,
sleep for 10 ms, look again.

    python3 polling.py CHIP CODE URL FORM AUTHORIZATION
"""
import sys
import time
import urllib.request

import gpiod

ROWS = [5, 6, 13, 19]
COLS = [16, 20, 21]
KEYS = ["123", "456", "789", "*0#"]
BELL = 26
STRIKE = 17
DEBOUNCE = 0.015
PULSE = 0.5

CHIP, CODE, URL, FORM, AUTHORIZATION = sys.argv[1:]

chip = gpiod.Chip(CHIP)
strike = chip.get_line(STRIKE)
strike.request("door", gpiod.LINE_REQ_DIR_OUT, default_vals=[0])
rows = [chip.get_line(n) for n in ROWS]
for row in rows:
    row.request("door", gpiod.LINE_REQ_DIR_OUT, default_vals=[1])
cols = chip.get_lines(COLS)
cols.request("door", gpiod.LINE_REQ_DIR_IN, gpiod.LINE_REQ_FLAG_BIAS_PULL_UP)
bell = chip.get_line(BELL)
bell.request("door", gpiod.LINE_REQ_DIR_IN, gpiod.LINE_REQ_FLAG_BIAS_PULL_UP)


def scan():
    key = None
    for row, names in zip(rows, KEYS):
        row.set_value(0)
        for value, name in zip(cols.get_values(), names):
            if value == 0:
                key = name
        row.set_value(1)
    return key


def ring():
    request = urllib.request.Request(URL, FORM.encode(), {"Authorization": AUTHORIZATION})
    urllib.request.urlopen(request, timeout=10).read()


typed = ""
seen, since, told = None, 0, True
rung = False
while True:
    key = scan()
    now = time.monotonic()
    if key != seen:
        seen, since, told = key, now, False
    elif key and not told and now - since >= DEBOUNCE:
        told = True
        if key == "#":
            if typed == CODE:
                strike.set_value(1)
                time.sleep(PULSE)
                strike.set_value(0)
            typed = ""
        else:
            typed += key
    pressed = bell.get_value() == 0
    if pressed and not rung:
        ring()
    rung = pressed
    time.sleep(0.01)
