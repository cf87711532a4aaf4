"""Words everyone uses: errors, levels, age bands, time, bits of evidence."""
