"""What a short command of whoever runs the service is: a model of its arguments that knows how to run."""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from app.errors import FieldError, InvalidInput
from app.installation import Installation
from app.wrong_fields import in_words

Json = Any
"""What JSON can say; dates and ids become text on the way."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]


class Command(BaseModel):
    """One command. `name` is what it is called on the socket."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]

    @classmethod
    def of(cls, **given: object) -> Self:
        """The command with these arguments; InvalidInput names those that are wrong."""
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = [
                FieldError(".".join(map(str, each["loc"])), in_words(each))
                for each in error.errors(include_url=False, include_input=False)
            ]
            raise InvalidInput("The command cannot be understood.", wrong) from None

    @abstractmethod
    async def run(self, here: Installation) -> Json:
        """Do it; raises a NoveError."""
