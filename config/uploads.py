"""How much of an uploaded file is taken."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler


class CutOffUpload(FileUploadHandler):
    """Lets nothing past the largest file and a little more: the form finds it too large, and no disk is filled."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None if start > settings.IMPORT_LARGEST_FILE else raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""
