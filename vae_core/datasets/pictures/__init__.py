"""Files of pictures: decoded, prepared, labelled."""
