"""Files in and out: tables of search engines, sample sheets, AnnData, writing whole or not at all."""
