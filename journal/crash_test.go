package journal

import "os"

const writerDir = "LATCHD_JOURNAL_TEST_WRITER"

func writeUntilKilled(dir string) { os.Exit(1) }
